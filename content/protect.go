package content

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// glamour breaks lines at hyphens and at much punctuation, takes backslashes out
// of inline code in tables, and decodes character references there. In prose
// that is fine; in `kubectl get pods --all-namespaces -l app=web` it is not. So
// in inline code those characters are replaced, before glamour, by
// noncharacters (which Text keeps out of every lesson), and restored after.
const guarded = `-,.;+|&\`

// firstGuard stands for the first character of guarded, and so on.
const firstGuard = '\ufdd0'

// guard replaces the characters of inline code that glamour must not see.
func guard(code string) string {
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(guarded, r); i >= 0 {
			return firstGuard + rune(i)
		}
		return r
	}, code)
}

// unguard undoes guard in one character.
func unguard(r rune) rune {
	if i := int(r - firstGuard); i >= 0 && i < len(guarded) {
		return rune(guarded[i])
	}
	return r
}

// protect prepares a document for glamour: inline code is guarded, and character
// references are tamed that would decode to what [Text] had removed (&#27;, a
// right-to-left override). It returns the source that the document's nodes point
// into from now on: the old one, with the replaced stretches after it.
func protect(document ast.Node, source []byte) []byte {
	replace := func(at text.Segment, with string) text.Segment {
		start := len(source)
		source = append(source, with...)
		return text.NewSegment(start, len(source))
	}
	// The walk's only errors are the walker's own, and this one has none.
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			old := string(n.Segment.Value(source))
			if clean := tame(old, n.Parent().Kind() == ast.KindCodeSpan); clean != old {
				n.Segment = replace(n.Segment, clean)
			}
		case *ast.HTMLBlock:
			lines := n.Lines()
			for i := range lines.Len() {
				at := lines.At(i)
				old := string(at.Value(source))
				if clean := tame(old, false); clean != old {
					lines.Set(i, replace(at, clean))
				}
			}
		case *ast.Link:
			n.Destination = []byte(Line(string(n.Destination), 0))
		case *ast.Image:
			n.Destination = []byte(Line(string(n.Destination), 0))
		}
		return ast.WalkContinue, nil
	})
	return source
}

// tame makes a stretch of inline source safe for glamour, which decodes
// character references in it once.
func tame(s string, code bool) string {
	if code {
		return guard(s)
	}
	if strings.Contains(s, "&") {
		s = reference.ReplaceAllStringFunc(s, func(ref string) string {
			decoded := html.UnescapeString(ref)
			if clean := strings.ReplaceAll(Text(decoded), "\n", " "); clean != decoded {
				return clean
			}
			return ref
		})
	}
	return breakable(s)
}

// mayBreak stands where a line of Chinese or Japanese may end. glamour breaks lines at
// blanks only, which those have none of, and to it this is a blank without a width;
// [Text] keeps it out of every lesson.
const mayBreak = '\u2028'

// breakable puts mayBreak between characters that need no blank between them: not
// before punctuation that closes, and not after such as opens.
func breakable(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if ideographic(last) && ideographic(r) && !unicode.Is(unicode.Ps, last) && !unicode.Is(unicode.Pi, last) && !closes(r) {
			b.WriteRune(mayBreak)
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// ideographic tells whether a character is one of scripts without blanks, or their
// punctuation.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3001 && r <= 0x303f || r >= 0xff01 && r <= 0xff60 ||
		r >= 0x2018 && r <= 0x201d || r == '…' || r == '—'
}

// closes tells whether no line begins with a character.
func closes(r rune) bool {
	return unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po) || r == '…' || r == '—' || r == '～' || r == 'ー'
}

// unescape is the plain text of a stretch of inline source.
func unescape(s string, code bool) string {
	if code {
		return s
	}
	return html.UnescapeString(backslash.ReplaceAllString(s, "$1"))
}

// A reference may lack its semicolon; the decoder then still takes some.
var reference = regexp.MustCompile(`&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);?`)

var backslash = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
