package vt

import (
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
)

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		name string
		key  uv.Key
		app  bool
		want string
	}{
		{"letter", uv.Key{Code: 'a', Text: "a"}, false, "a"},
		{"capital", uv.Key{Code: 'a', ShiftedCode: 'A', Text: "A", Mod: uv.ModShift}, false, "A"},
		{"capital without its text", uv.Key{Code: 'a', ShiftedCode: 'A', Mod: uv.ModShift}, false, "A"},
		{"alt", uv.Key{Code: 'b', Mod: uv.ModAlt}, false, "\x1bb"},
		{"ctrl", uv.Key{Code: 'c', Mod: uv.ModCtrl}, false, "\x03"},
		{"ctrl-alt", uv.Key{Code: 'c', Mod: uv.ModCtrl | uv.ModAlt}, false, "\x1b\x03"},
		{"ctrl-i is tab", uv.Key{Code: 'i', Mod: uv.ModCtrl}, false, "\t"},
		{"ctrl-[ is escape", uv.Key{Code: '[', Mod: uv.ModCtrl}, false, "\x1b"},
		{"ctrl-space", uv.Key{Code: ' ', Mod: uv.ModCtrl}, false, "\x00"},
		{"ctrl-backslash", uv.Key{Code: '\\', Mod: uv.ModCtrl}, false, "\x1c"},
		{"ctrl-slash", uv.Key{Code: '/', Mod: uv.ModCtrl}, false, "\x1f"},
		{"enter", uv.Key{Code: uv.KeyEnter}, false, "\r"},
		{"shift-enter", uv.Key{Code: uv.KeyEnter, Mod: uv.ModShift}, false, "\r"},
		{"tab", uv.Key{Code: uv.KeyTab}, false, "\t"},
		{"shift-tab", uv.Key{Code: uv.KeyTab, Mod: uv.ModShift}, false, "\x1b[Z"},
		{"backspace", uv.Key{Code: uv.KeyBackspace}, false, "\x7f"},
		{"escape", uv.Key{Code: uv.KeyEscape}, false, "\x1b"},
		{"up", uv.Key{Code: uv.KeyUp}, false, "\x1b[A"},
		{"up in an application", uv.Key{Code: uv.KeyUp}, true, "\x1bOA"},
		{"ctrl-left", uv.Key{Code: uv.KeyLeft, Mod: uv.ModCtrl}, true, "\x1b[1;5D"},
		{"home", uv.Key{Code: uv.KeyHome}, false, "\x1b[H"},
		{"page up", uv.Key{Code: uv.KeyPgUp}, false, "\x1b[5~"},
		{"delete", uv.Key{Code: uv.KeyDelete, Mod: uv.ModShift}, false, "\x1b[3;2~"},
		{"F1", uv.Key{Code: uv.KeyF1}, false, "\x1bOP"},
		{"F5", uv.Key{Code: uv.KeyF5}, false, "\x1b[15~"},
		{"accent", uv.Key{Code: 'é', Text: "é"}, false, "é"},
		{"a modifier alone", uv.Key{Code: uv.KeyLeftShift}, false, ""},
	} {
		if got := Encode(test.key, test.app); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What a terminal sends is decoded into a key, and the key encoded again: the
// program in the pane reads what it would have read without it.
func TestKeysRoundTrip(t *testing.T) {
	for _, sent := range []string{
		"a", "Z", "é", "日", " ", "\t", "\r", "\x7f", "\x00", "\x01", "\x03", "\x1a", "\x1c", "\x1d", "\x1b\x7f", "\x1ba",
		"\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[Z", "\x1b[1;5C", "\x1b[1;2A", "\x1b[1;3D",
		"\x1b[2~", "\x1b[3~", "\x1b[5~", "\x1b[6~", "\x1b[3;5~", "\x1b[5;2~", "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS",
		"\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[20~", "\x1b[21~", "\x1b[23~", "\x1b[24~",
	} {
		var d uv.EventDecoder
		n, event := d.Decode([]byte(sent))
		key, ok := event.(uv.KeyPressEvent)
		if !ok || n != len(sent) {
			t.Errorf("%q is no key: %T", sent, event)
			continue
		}
		if got := Encode(uv.Key(key), false); got != sent {
			t.Errorf("%q became %q", sent, got)
		}
	}
}

func TestPaste(t *testing.T) {
	for _, test := range []struct {
		in        string
		bracketed bool
		want      string
	}{
		{"kubectl get pods", false, "kubectl get pods"},
		{"a\nb\r\nc\td", false, "a\rb\rc\td"},
		{"a\nb", true, "\x1b[200~a\rb\x1b[201~"},
		{"x\x1b[201~rm -rf /\n\u009b201~\x03\x7f", true, "\x1b[200~x[201~rm -rf /\r201~\x1b[201~"},
		{"a\xffb", false, "ab"},
	} {
		if got := Paste(test.in, test.bracketed); got != test.want {
			t.Errorf("Paste(%q, %v) = %q, want %q", test.in, test.bracketed, got, test.want)
		}
	}
}

func FuzzPaste(f *testing.F) {
	f.Add("a\x1b[201~b")
	f.Fuzz(func(t *testing.T, s string) {
		p := Paste(s, true)
		if strings.Count(p, "\x1b") != 2 || !strings.HasSuffix(p, "\x1b[201~") {
			t.Errorf("%q is pasted as %q", s, p)
		}
	})
}
