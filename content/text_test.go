package content

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "kubectl get pods\n", "kubectl get pods\n"},
		{"accents and emoji stay", "naïve 日本語 👩‍💻 é", "naïve 日本語 👩‍💻 é"},
		{"clear screen", "A\x1b[2JB", "AB"},
		{"colour", "\x1b[31mred\x1b[m", "red"},
		{"clipboard", "a\x1b]52;c;cm0=\x07b", "ab"},
		{"title", "\x1b]0;t\x07x", "x"},
		{"hyperlink", "\x1b]8;;http://e\x1b\\k\x1b]8;;\x1b\\", "k"},
		{"DCS", "a\x1bP$q\"p\x1b\\b", "ab"},
		{"tmux passthrough", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\", "\uFFFDPtmux;\uFFFD"},
		{"APC", "\x1b_Ga=T;AA\x1b\\x", "x"},
		{"PM", "\x1b^x\x1b\\y", "y"},
		{"SOS", "\x1bXx\x1b\\y", "y"},
		{"reset", "\x1bcx", "x"},
		{"alternate screen", "\x1b[?1049lx", "x"},
		{"charset", "\x1b(0x", "x"},
		{"C1 CSI", "\u009b31mx", "\uFFFD31mx"},
		{"C1 DCS", "\u0090q\u009cx", "\uFFFDq\uFFFDx"},
		{"raw C1", "\x9b31m", "\uFFFD31m"},
		{"bidi override", "\u202eexe\u202c", "\uFFFDexe\uFFFD"},
		{"carriage return", "a\rb", "a\nb"},
		{"CRLF", "a\r\nb\r\n", "a\nb\n"},
		{"backspace", "a\x08b", "a\uFFFDb"},
		{"bell", "a\x07", "a\uFFFD"},
		{"delete", "a\x7f", "a\uFFFD"},
		{"open OSC keeps the text", "\x1b]52;c;AA and the reason", "\uFFFD]52;c;AA and the reason"},
		{"OSC over a newline", "\x1b]0;x\nreason\x07", "\uFFFD]0;x\nreason\uFFFD"},
		{"CSI in CSI", "\x1b[\x1b[31mx", "\uFFFD[x"},
		{"escape at the end", "x\x1b", "x\uFFFD"},
		{"tag", "a\U000e0041b", "ab"},
		{"zero width", "a\u200bb\ufeffc\u00add", "abcd"},
		{"no-break space", "kubectl\u00a0get\u202fpods", "kubectl get pods"},
		{"line separator", "a\u2028b", "a\nb"},
		{"noncharacter", "a\ufdd0b\uffffc", "abc"},
		{"tabs", "a\tb\n\tc\n日\td", "a   b\n    c\n日  d"},
		{"invalid", "a\xff\xfeb", "a\uFFFDb"},
		{"marks", "e" + strings.Repeat("\u0301", 300), "e" + strings.Repeat("\u0301", maxMarks)},
		{"NUL", "a\x00b", "a\uFFFDb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in); got != test.want {
				t.Errorf("Text(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for _, test := range []struct {
		in   string
		max  int
		want string
	}{
		{"web", 10, "web"},
		{" a\n\tb \r\n c ", 0, "a b c"},
		{"0123456789", 10, "0123456789"},
		{"0123456789a", 10, "012345678…"},
		{"日本語日本語", 5, "日本…"},
		{"\x1b[31m0123456789\x1b[m", 10, "0123456789"},
		{"x", 1, "x"},
		{"xy", 1, "…"},
		{"", 5, ""},
	} {
		if got := Line(test.in, test.max); got != test.want {
			t.Errorf("Line(%q, %d) = %q, want %q", test.in, test.max, got, test.want)
		}
	}
}

func TestTextIsFast(t *testing.T) {
	for name, unit := range map[string]string{"open OSC": "\x1b]", "escapes": "\x1b", "CSI": "\x1b[1", "marks": "\u0301", "text": "é", "tabs": "\t"} {
		in := strings.Repeat(unit, 1<<20/len(unit))
		begin := time.Now()
		Text(in)
		Line(in, 80)
		// Quadratic would be minutes; linear is far below a second, but the race
		// detector and a busy machine take their share.
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: a megabyte takes %v", name, took)
		}
	}
}

// hostile are the strings of the terminal's study, and a few of Markdown.
var hostile = []string{
	"A\x1b[2JB", "\x1b]52;c;cm0=\x07", "\x1b]8;;http://e\x1b\\k\x1b]8;;\x1b\\", "\x1bP$q\"p\x1b\\", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
	"\x1b_Ga=T;AA\x1b\\", "\u009b31m", "\u0090q\u009c", "\x9b31m", "\u202eexe\u202c", "a\rb", "a\x08b", "\x1b]52;c;AA", "\x1b[\x1b[31m", "\U000e0041",
}

func safe(t *testing.T, s string, sgr bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("not UTF-8: %q", s)
	}
	for i, r := range s {
		if r == '\x1b' && sgr {
			if n := escapeLen(s[i:]); n > 0 && isSGR(s[i:i+n]) {
				continue
			}
		}
		if (unicode.IsControl(r) && r != '\n') || invisible(r) || r == '\u00a0' || unicode.Is(unicode.Bidi_Control, r) {
			t.Fatalf("%q at %d in %q", r, i, s)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := Text(s)
		safe(t, text, false)
		if again := Text(text); again != text {
			t.Errorf("Text(%q) = %q, and again %q", s, text, again)
		}
		line := Line(s, 20)
		safe(t, line, false)
		if strings.Contains(line, "\n") || ansi.StringWidth(line) > 20 {
			t.Errorf("Line(%q, 20) = %q", s, line)
		}
	})
}
