package lab

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Letter is what stands before the nth choice, from 0: a, b, c.
func Letter(n int) string { return string(rune('a' + n)) }

// Same tells whether an answer is the one that is right: letter case and spaces
// do not count, 0.5 is 500m, and the letter of a choice stands for it.
func (q *Quiz) Same(answer, right string) bool {
	answer, right = plainly(answer), plainly(right)
	if answer == right {
		return true
	}
	for i, c := range q.Choices {
		if plainly(c) == right {
			return answer == Letter(i)
		}
	}
	a, err := resource.ParseQuantity(answer)
	if err != nil {
		return false
	}
	r, err := resource.ParseQuantity(right)
	return err == nil && a.Cmp(r) == 0
}

// plainly is a text as it is compared: in small letters, words one space apart.
func plainly(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
