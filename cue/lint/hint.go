package lint

import (
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"podlab.dev/podlab/cue/lab"
)

// A hint may come near the answer, but a learner should type it: so much in a
// row, shared with a line of a solution, can be pasted.
const (
	pasteableWords = 4
	pasteableRunes = 20
)

// hints holds the hints against the solutions of their step.
func (l *linter) hints() {
	for i, s := range l.lab.Steps {
		type line struct{ file, text string }
		var lines []line
		for _, name := range l.lab.Solutions {
			file := path.Join("solutions", name, s.Script())
			src, _ := fs.ReadFile(l.fsys, file) // a solution may leave a step out
			for _, text := range commandLines(string(src)) {
				lines = append(lines, line{file, text})
			}
		}
		for _, lang := range l.languages() {
			for j, c := range l.lab.In(lang).Steps[i].Checks {
				for k, hint := range c.Hints {
					run, file := "", ""
					for _, line := range lines {
						if r := pasteable(hint.Text, line.text); len(r) > len(run) {
							run, file = r, line.file
						}
					}
					if run != "" {
						l.error(l.hint(lang, i, j, k), "pasteable", "name the command or the field, and leave what it is given to the learner",
							"a hint of check %s has %q in common with %s", c.ID, run, file)
					}
				}
			}
		}
	}
}

// hint is the place of a hint, in the language lang.
func (l *linter) hint(lang string, step, check, n int) place {
	hints := func(in *lab.Lab) []lab.Hint { return in.Steps[step].Checks[check].Hints }
	if lang != "" && hints(l.lab.In(lang))[n].Text != hints(l.lab)[n].Text {
		return place{file: path.Join("translations", lang+".cue")}
	}
	return l.field("steps[%d].checks[%d].hints[%d]", step, check, n)
}

// commandLines are the lines of a script, without comments and with
// continuations joined, words separated by one space.
func commandLines(script string) (out []string) {
	for line := range strings.Lines(strings.ReplaceAll(script, "\\\n", " ")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// pasteable is the longest run of text that the hint and the line share, if it
// is long enough to be pasted, or "". One word alone, such as the name of an
// image, is no command.
func pasteable(hint, line string) (longest string) {
	hint = strings.Join(strings.Fields(strings.ReplaceAll(hint, "`", "")), " ")
	text := []rune(hint)
	for at := range text {
		end := at + pasteableRunes
		for end <= len(text) && strings.Contains(line, string(text[at:end])) {
			end++
		}
		run := strings.TrimSpace(string(text[at : min(end, len(text)+1)-1]))
		if utf8.RuneCountInString(run) >= pasteableRunes && strings.Contains(run, " ") && len(run) > len(longest) {
			longest = run
		}
	}
	if longest != "" {
		return longest
	}
	words, within := bareWords(hint), " "+strings.Join(bareWords(line), " ")+" "
	for at := range words {
		for end := at + pasteableWords; end <= len(words); end++ {
			run := strings.Join(words[at:end], " ")
			if !strings.Contains(within, " "+run+" ") {
				break
			}
			if len(run) > len(longest) {
				longest = run
			}
		}
	}
	return longest
}

// bareWords are the words of s without the punctuation around them.
func bareWords(s string) (out []string) {
	for _, w := range strings.Fields(s) {
		if w = strings.Trim(w, ".,;:!?()\"'`"); w != "" {
			out = append(out, w)
		}
	}
	return out
}
