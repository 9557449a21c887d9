package lint

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/want"
)

// images looks for images that are another one next month: in the wants that
// are to be met and the needs of lab.cue, in lessons and in files/.
func (l *linter) images() {
	if l.lab != nil {
		for i, ref := range l.lab.Needs.Images {
			l.image(l.field("needs.images[%d]", i), ref)
		}
		for i, s := range l.lab.Steps {
			for j, c := range s.Checks {
				for _, w := range l.demanded(i, j, c) {
					for _, lit := range w.literals {
						if ref, ok := lit.Value.(string); ok && lit.Op == cue.NoOp && isImage(lit) {
							l.image(l.spelled(lit.Pos, w.path), ref)
						}
					}
				}
			}
		}
	}
	texts := slices.Concat(l.files("files"), l.files("manifests"))
	for _, name := range l.lessonFiles() {
		if text, err := fs.ReadFile(l.fsys, name); err == nil {
			texts = append(texts, file{name, string(text)})
		}
	}
	for _, f := range texts {
		n := 0
		for line := range strings.SplitSeq(f.text, "\n") {
			n++
			for _, m := range imageWritten.FindAllStringSubmatch(line, -1) {
				l.image(place{f.name, n}, strings.TrimRight(strings.Join(m[1:], ""), ".:,;"))
			}
		}
	}
}

func isImage(lit want.Literal) bool {
	n := len(lit.Path)
	return !lit.Key && (lit.Path[n-1] == "image" || n > 1 && lit.Path[n-2] == "image" && lit.Path[n-1] == "reference") // a volume's
}

// imageWritten is how manifests and commands name an image: a line of YAML, a
// field in braces, a flag, and kubectl set image. Of the last only the first
// container counts.
var imageWritten = func() *regexp.Regexp {
	const ref = `([a-z0-9][\w./:@-]*)`
	return regexp.MustCompile(`^\s*(?:- )?image:\s+["']?` + ref + `["']?\s*(?:#.*)?$` +
		`|[{,]\s*"?image"?:\s*["']?` + ref +
		`|--image[= ]["']?` + ref +
		`|set image \S+ [\w*-]+=` + ref)
}()

func (l *linter) image(at place, ref string) {
	if wrong := unpinned(ref); wrong != "" {
		l.error(at, "image", fmt.Sprintf("name a version, %s:1.2, so that next year's learners get the same image", untagged(ref)), "image %s %s", ref, wrong)
	}
}

// unpinned says what lets ref become another image, or "".
func unpinned(ref string) string {
	if strings.Contains(ref, "@") {
		return ""
	}
	switch tag := strings.TrimPrefix(ref, untagged(ref)); tag {
	case "", ":":
		return "has no tag, which means :latest"
	case ":latest":
		return "is whatever is the latest one"
	}
	return ""
}

// untagged is ref without its tag; the colon of a port comes before a slash.
func untagged(ref string) string {
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		return ref[:i]
	}
	return ref
}
