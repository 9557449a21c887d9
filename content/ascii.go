package content

import (
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

// Charset is what a terminal can show.
type Charset int

const (
	// UTF8 is all there is.
	UTF8 Charset = iota
	// Letters is ASCII and the letters and digits of all scripts: no box drawing, no
	// symbols.
	Letters
	// ASCII is nothing else.
	ASCII
)

// Locale is the charset that the environment names. One that names none says
// nothing about the terminal, which is UTF-8 then as nearly all are.
func Locale() Charset {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := strings.ToLower(os.Getenv(name))
		switch {
		case value == "":
			continue
		case strings.Contains(value, "utf-8"), strings.Contains(value, "utf8"):
			return UTF8
		}
		return ASCII
	}
	return UTF8
}

// Fit makes of a string, which may have escape sequences, one that the charset has,
// and that is exactly as wide. What has no likeness becomes question marks.
func (c Charset) Fit(s string) string {
	if c == UTF8 || isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for state := byte(0); len(s) > 0; {
		var seq string
		var width, n int
		seq, width, n, state = ansi.DecodeSequence(s, state, nil)
		s = s[n:]
		r, _ := utf8.DecodeRuneInString(seq)
		switch {
		case isASCII(seq):
			b.WriteString(seq)
		case width == 0: // joins or marks what was before it
			if c == Letters && unicode.IsMark(r) && !unicode.Is(unicode.Variation_Selector, r) {
				b.WriteString(seq)
			}
		case c == Letters && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			b.WriteString(seq)
		default:
			b.WriteString(likeness(r, width))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// likeness is what a character looks like in ASCII, in as many columns.
func likeness(r rune, width int) string {
	like := '?'
	switch {
	case r >= '━' && r <= '╿' || r == '─': // box drawing
		like = '+'
		switch r {
		case '─', '━', '┄', '┅', '┈', '┉', '═', '╌', '╍':
			like = '-'
		case '│', '┃', '┆', '┇', '┊', '┋', '║', '╎', '╏':
			like = '|'
		}
	case width == 1:
		if i := strings.IndexRune(lookalikes, r); i >= 0 {
			like = []rune(lookalikes)[utf8.RuneCountInString(lookalikes[:i])+1]
		} else if plain := norm.NFKD.String(string(r)); plain[0] < utf8.RuneSelf {
			like = rune(plain[0]) // é is e with something on it
		}
	}
	return strings.Repeat(string(like), width)
}

// lookalikes are characters, each followed by what it looks like.
const lookalikes = "✓+✗x●*◐>○o⚑!·.•*…~×x▏|█#■#▶>▲^▼v‖|→>←<↑^↓v–-—-‐-‑-‘'’'‚,“\"”\"„\"«<»>‹<›> "
