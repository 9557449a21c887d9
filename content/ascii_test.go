package content

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestCharset(t *testing.T) {
	for _, c := range []struct{ in, letters, ascii string }{
		{"plain \x1b[1mbold\x1b[m", "plain \x1b[1mbold\x1b[m", "plain \x1b[1mbold\x1b[m"},
		{"┌─ Lesson ●┬│", "+- Lesson *+|", "+- Lesson *+|"},
		{"\x1b[38;5;78m✓ PASS\x1b[m · WAIT … ✗", "\x1b[38;5;78m+ PASS\x1b[m . WAIT ~ x", "\x1b[38;5;78m+ PASS\x1b[m . WAIT ~ x"},
		{"Él «dijo» — “sí”", "Él <dijo> - \"sí\"", "El <dijo> - \"si\""},
		{"e\u0301x", "e\u0301x", "ex"},
		{"日本語 ok", "日本語 ok", "?????? ok"},
		{"👩\u200d💻!", "??!", "??!"},
		{"עברית", "עברית", "?????"},
		{"a\nb✓\n", "a\nb+\n", "a\nb+\n"},
	} {
		for charset, want := range map[Charset]string{UTF8: c.in, Letters: c.letters, ASCII: c.ascii} {
			got := charset.Fit(c.in)
			if got != want {
				t.Errorf("%q in %d is %q, want %q", c.in, charset, got, want)
			}
			for i, line := range strings.Split(got, "\n") {
				if is, was := ansi.StringWidth(line), ansi.StringWidth(strings.Split(c.in, "\n")[i]); is != was {
					t.Errorf("%q in %d is %d columns wide, was %d", c.in, charset, is, was)
				}
			}
		}
	}
}

func TestLocale(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             Charset
	}{
		{"", "", "", UTF8}, {"", "", "C.UTF-8", UTF8}, {"", "", "de_DE.utf8", UTF8}, {"", "", "C", ASCII}, {"POSIX", "", "C.UTF-8", ASCII},
		{"", "en_US.UTF-8", "C", UTF8}, {"", "", "de_DE.ISO-8859-1", ASCII}, {"", "", "en_US", ASCII},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", c.ctype)
		t.Setenv("LANG", c.lang)
		if got := Locale(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
