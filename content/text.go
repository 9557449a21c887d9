package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

const (
	tabStop  = 4 // columns between tab stops; a tab reaching a terminal moves its cursor, and breaks panels
	maxMarks = 8 // combining marks kept on one base character; more only draw over the neighbours
)

// Text makes a string from outside (a lesson, a cluster, a log) safe to print:
// nothing in it can move the cursor, recolour, retitle, link or hide text.
//
// The result is valid UTF-8 of any number of lines. Of the control characters
// only the newline is left: CR and CRLF become newlines and tabs become spaces up
// to the next multiple of four columns. Complete escape sequences vanish; a
// stray control or bidirectional override becomes U+FFFD, so that it is seen;
// invisible characters vanish, except the joiners that scripts and emoji need;
// every exotic space becomes a plain one, so that copied commands work. Text
// after an unterminated sequence is kept: it may be the evidence.
//
// Text is idempotent and takes time linear in the length of s.
func Text(s string) string {
	if plainASCII(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	b.Grow(len(s))
	column, marks := 0, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == ansi.ESC {
			if n := escapeLen(s[i:]); n > 0 {
				i += n
				continue
			}
		}
		i += size
		switch {
		case r == '\r':
			if strings.HasPrefix(s[i:], "\n") {
				continue
			}
			r = '\n'
		case r == '\t':
			pad := tabStop - column%tabStop
			b.WriteString(strings.Repeat(" ", pad))
			column += pad
			marks = 0
			continue
		case invisible(r):
			continue
		case isMark(r):
			if marks++; marks > maxMarks {
				continue
			}
			b.WriteRune(r)
			continue
		}
		r = visible(r)
		b.WriteRune(r)
		marks = 0
		if r == '\n' {
			column = 0
		} else {
			column += runeColumns(r)
		}
	}
	return b.String()
}

// Line is [Text] on one line: line breaks and runs of blanks become one space,
// the ends are trimmed, and what is wider than columns of a terminal ends in
// "…". Zero columns or less means no limit. It is meant for names, labels,
// events and API messages.
func Line(s string, columns int) string {
	if most := 64*columns + 4096; columns > 0 && len(s) > most {
		// A cluster can hand over a megabyte where a name is expected; only the
		// first columns are shown, so only they are looked at. The margin is for
		// what takes bytes and no columns.
		s = s[:most]
	}
	s = strings.Join(strings.Fields(Text(s)), " ")
	if columns > 0 && ansi.StringWidth(s) > columns {
		s = ansi.Truncate(s, columns, "…")
	}
	return s
}

// plainASCII says that s is printable ASCII and newlines, the common case.
func plainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 0x20 && c != '\n') || c >= 0x7f {
			return false
		}
	}
	return true
}

// escapeLen is the length in bytes of the complete escape sequence at the start
// of s, which begins with ESC, or 0 when there is none. Sequences are those of
// ECMA-48: CSI, the string sequences (OSC, DCS, APC, PM, SOS) and ESC with
// intermediates. A string sequence that another ESC or a newline cuts short is
// no sequence: dropping it would hide what follows.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			switch c := s[i]; {
			case c >= 0x40 && c <= 0x7e:
				return i + 1
			case c < 0x20 || c > 0x7e:
				return 0
			}
		}
		return 0
	case ']', 'P', '_', '^', 'X':
		for i := 2; i < len(s); i++ {
			switch s[i] {
			case ansi.BEL:
				if s[1] == ']' {
					return i + 1
				}
				return 0
			case ansi.ESC:
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2
				}
				return 0
			case '\n':
				return 0
			}
		}
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x20 && c <= 0x2f: // intermediate
		case c >= 0x30 && c <= 0x7e:
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// invisible are the characters that take no column and change what is seen or
// copied, and the noncharacters, which this package uses as marks of its own.
func invisible(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x180e, r == 0xfeff, r == 0x034f, // soft hyphen, vowel separator, BOM, grapheme joiner
		r == 0x200b, r >= 0x2060 && r <= 0x2064, r >= 0x206a && r <= 0x206f, // zero width space, word joiner, operators
		r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, // Hangul fillers
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f, // annotations, tags
		r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
		return true
	}
	return false
}

// visible replaces the characters that must not reach a terminal.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r < 0x20, r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return utf8.RuneError
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // bidirectional
		return utf8.RuneError
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return '\n'
	case unicode.Is(unicode.Zs, r): // U+00A0 and its like
		return ' '
	}
	return r
}

func isMark(r rune) bool { return r > 0x2ff && unicode.In(r, unicode.Mn, unicode.Me) }

// runeColumns is the width of one character in terminal columns.
func runeColumns(r rune) int {
	if r < 0x80 {
		return 1
	}
	return ansi.StringWidth(string(r))
}
