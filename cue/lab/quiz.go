package lab

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Letter is what stands before the nth choice, from 0: a, b, c.
func Letter(n int) string { return string(rune('a' + n)) }

// Same tells whether an answer is the one that is right: letter case and spaces
// do not count, 0.5 is 500m, and the letter of a choice stands for it, unless it
// is the text of another choice.
func (q *Quiz) Same(answer, right string) bool {
	n := q.chosen(right)
	if n < 0 {
		return same(answer, right)
	}
	if m := q.chosen(answer); m >= 0 {
		return m == n
	}
	return plainly(answer) == Letter(n)
}

// Own is an answer as it is kept: a choice, whichever way it was given, by its
// text in the lab's own language.
func (q *Quiz) Own(answer string) string {
	n := q.chosen(answer)
	for i := range q.Choices {
		if n < 0 && plainly(answer) == Letter(i) {
			n = i
		}
	}
	switch {
	case n < 0:
		return answer
	case q.own != nil:
		return q.own[n]
	}
	return q.Choices[n]
}

// Offers tells whether an answer is one of the choices, given in whichever way.
func (q *Quiz) Offers(answer string) bool { return q.chosen(q.Own(answer)) >= 0 }

// chosen is the index of the choice with this text, in the language that is shown
// or the lab's own, or -1. Where the choices are 1.3 and 1.30, or 1m and 1M, each
// is itself.
func (q *Quiz) chosen(text string) int {
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == strings.TrimSpace(b) }, same} {
		for _, choices := range [][]string{q.Choices, q.own} {
			if n := slices.IndexFunc(choices, func(c string) bool { return equal(c, text) }); n >= 0 {
				return n
			}
		}
	}
	return -1
}

// same compares two texts. In a quantity letter case does count: 1M is a million,
// and 1m a thousandth.
func same(a, b string) bool {
	x, errA := resource.ParseQuantity(strings.TrimSpace(a))
	y, errB := resource.ParseQuantity(strings.TrimSpace(b))
	if errA == nil && errB == nil {
		return x.Cmp(y) == 0
	}
	return plainly(a) == plainly(b)
}

// plainly is a text as it is compared: in small letters, words one space apart.
func plainly(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
