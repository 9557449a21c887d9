package lint

import (
	"strings"
	"unicode/utf8"
)

// telling is from how many characters on an answer that stands in a hint gives
// itself away; "yes" and "2" stand everywhere.
const telling = 4

// answers looks for hints that say the answer to their question.
func (l *linter) answers() {
	for _, lang := range l.languages() {
		for i, s := range l.lab.In(lang).Steps {
			for j, c := range s.Checks {
				if c.Quiz == nil {
					continue
				}
				for k, hint := range c.Hints {
					for _, a := range c.Quiz.Answers {
						if utf8.RuneCountInString(a) >= telling && stands(strings.ToLower(hint.Text), strings.ToLower(a)) {
							l.error(l.hint(lang, i, j, k), "answer", "say where the answer can be seen",
								"a hint of question %s says the answer, %q", c.ID, a)
							break
						}
					}
				}
			}
		}
	}
}
