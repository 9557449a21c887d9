package vt

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// shown is the text of a terminal after some output, rows joined by "|" without
// the empty ones at the end.
func shown(t *Terminal) string {
	rows := t.Text()
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	return strings.Join(rows, "|")
}

func TestScreen(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{ // 10 columns, 4 rows
		{"text", "hello", "hello"},
		{"lines", "a\r\nb\r\n\r\nc", "a|b||c"},
		{"line feed alone", "ab\ncd", "ab|  cd"},
		{"wrap", "0123456789ab", "0123456789|ab"},
		{"the last column waits", "0123456789\rX", "X123456789"},
		{"zsh's prompt trick", "%         \r \rp$", "p$"},
		{"no wrap", "\x1b[?7l0123456789ab", "012345678b"},
		{"backspace over the margin", "0123456789\bX", "01234567X9"},
		{"scroll", "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5"},
		{"tabs", "a\tb\r\n\tc", "a       b|        c"},
		{"tab at the end", "a\t\t\tb", "a        b"},
		{"own tab stops", "\x1b[3g\x1b[1;4H\x1bH\ra\tb", "a  b"},
		{"back tab", "0123456789\x1b[ZX", "01234567X9"},
		{"move", "\x1b[2;3Hx\x1b[Ay\x1b[2Dz\x1b[Bw", "  zy|  xw"},
		{"move out", "\x1b[99;99Hx\x1b[99A\x1b[99Dy", "y|||         x"},
		{"move to column and row", "\x1b[3dx\x1b[5Gy", "||x   y"},
		{"next and previous line", "\x1b[2;5H\x1b[Ex\x1b[Fy", "|y|x"},
		{"erase to the end", "abcdef\x1b[3D\x1b[K", "abc"},
		{"erase to the beginning", "abcdef\x1b[3D\x1b[1K", "    ef"},
		{"erase the line", "abc\x1b[2Kd", "   d"},
		{"erase below", "a\r\nbcd\r\ne\x1b[2;2H\x1b[J", "a|b"},
		{"erase above", "a\r\nbcd\r\ne\x1b[2;2H\x1b[1J", "|  d|e"},
		{"erase all", "a\r\nb\x1b[2Jc", "| c"},
		{"erase characters", "abcdef\x1b[1;2H\x1b[3X", "a   ef"},
		{"insert characters", "abcdef\x1b[1;2H\x1b[2@X", "aX bcdef"},
		{"delete characters", "abcdef\x1b[1;2H\x1b[2P", "adef"},
		{"insert mode", "abc\x1b[1;1H\x1b[4hXY\x1b[4lZ", "XYZbc"},
		{"insert lines", "1\r\n2\r\n3\x1b[2;1H\x1b[Lx", "1|x|2|3"},
		{"delete lines", "1\r\n2\r\n3\x1b[1;1H\x1b[2M", "3"},
		{"scroll region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\nx", "1|3|x|4"},
		{"reverse index in a region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2;1H\x1bMx", "1|x|2|4"},
		{"scroll up and down", "1\r\n2\r\n3\x1b[2S\x1b[T", "|3"},
		{"origin", "\x1b[2;3r\x1b[?6hx\x1b[9;1Hy\x1b[?6lz", "z|x|y"},
		{"save and restore", "ab\x1b7\x1b[3;3Hc\x1b8d", "abd||  c"},
		{"save and restore in the other way", "ab\x1b[s\x1b[3;3Hc\x1b[ud", "abd||  c"},
		{"repeat", "ab\x1b[3b", "abbbb"},
		{"line drawing", "\x1b(0lqk\x1b(Bq", "┌─┐q"},
		{"line drawing by shift", "\x1b)0\x0eqx\x0fq", "─│q"},
		{"alternate screen", "main\x1b[?1049h\x1b[Halt\x1b[?1049l!", "main!"},
		{"in the alternate screen", "main\x1b[?1049h\x1b[Halt", "alt"},
		{"wide", "日本x", "日本x"},
		{"wide at the margin", "012345678日", "012345678|日"},
		{"half of a wide character", "日本\x1b[1;2Hx", " x本"},
		{"the other half", "日本\x1b[1;3Hx", "日x"},
		{"wide over halves", "日本\x1b[1;2H語", " 語"},
		{"delete half", "日本x\x1b[1;1H\x1b[P", " 本x"},
		{"marks", "e\u0301x", "e\u0301x"},
		{"mark at the margin", "012345678e\u0301", "012345678e\u0301"},
		{"mark on a wide character", "日\u0301x", "日\u0301x"},
		{"mark on nothing", "\u0301x", "x"},
		{"alignment test", "\x1b#8", "EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE"},
		{"reset", "a\x1b[2;3r\x1b[?6h\x1b(0\x1bcq", "q"},
		{"soft reset", "\x1b[2;3r\x1b[4h\x1b[!pa\x1b[1;1Hb", "b"},
		{"other keyboards", "\x1b[?u\x1b[>1u\x1b[<u\x1b[>4;2ma", "a"},
		{"titles and clipboards", "\x1b]0;title\x07a\x1b]52;c;cm0=\x1b\\b\x1b]8;;http://e\x1b\\c\x1b]8;;\x1b\\", "abc"},
		{"strings of devices", "a\x1bP$q\"p\x1b\\b\x1b_Ga=T;AA\x1b\\c\x1b^x\x1b\\d\x1bXx\x1b\\e", "abcde"},
		{"controls as text", "a\u0085\u009b31mb\x00\x07\x7f", "a31mb"},
		{"bidi and joiners", "a\u202eb\u2066\u200d\u200b\ufeff\u00adc\U000e0041", "abc"},
		{"emoji that join", "👩\u200d💻👍🏽", "👩💻👍"},
		{"a mark that widens", "❤\ufe0fx", "❤x"},
		{"invalid UTF-8", "a\xff\xfeb", "ab"},
		{"colon colours", "\x1b[38:2::1:2:3mx\x1b[4:3my", "xy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole, pieces := New(10, 4), New(10, 4)
			whole.Write([]byte(test.in))
			for i := range len(test.in) {
				pieces.Write([]byte{test.in[i]})
			}
			if got := shown(whole); got != test.want {
				t.Errorf("%q shows %q, want %q", test.in, got, test.want)
			}
			if got := shown(pieces); got != test.want {
				t.Errorf("%q byte by byte shows %q, want %q", test.in, got, test.want)
			}
			sound(t, whole)
		})
	}
}

// sound checks what must hold whatever was written.
func sound(t *testing.T, vt *Terminal) {
	t.Helper()
	width, height := vt.Size()
	if x, y, _ := vt.Cursor(); x < 0 || x >= width || y < 0 || y >= height {
		t.Fatalf("the cursor is at %d, %d of %d x %d", x, y, width, height)
	}
	for _, s := range []*screen{&vt.main, &vt.alt} {
		if len(s.lines) != height {
			t.Fatalf("%d rows of %d", len(s.lines), height)
		}
		for y, line := range s.lines {
			if len(line) != width {
				t.Fatalf("row %d has %d columns of %d", y, len(line), width)
			}
			for x, c := range line {
				switch {
				case c.width == 0 && (c.text != "" || x == 0 || line[x-1].width != 2),
					c.width == 2 && (x+1 == width || line[x+1].width != 0),
					c.width > 0 && (c.text == "" || ansi.StringWidth(c.text) != int(c.width)),
					strings.ContainsFunc(c.text, unicode.IsControl):
					t.Fatalf("cell %d, %d is %q of width %d", x, y, c.text, c.width)
				}
			}
		}
	}
	for back := range min(vt.History(), 3) + 1 {
		for y := range height {
			row := vt.Row(y, back)
			if n := ansi.StringWidth(row); n != width {
				t.Fatalf("row %d is %d columns wide, not %d: %q", y, n, width, row)
			}
			plain := ansi.Strip(row)
			if strings.ContainsFunc(plain, unicode.IsControl) {
				t.Fatalf("row %d: %q", y, row)
			}
			for rest := row; ; { // SGR only
				_, after, found := strings.Cut(rest, "\x1b")
				if !found {
					break
				}
				sgr := strings.TrimLeft(strings.TrimPrefix(after, "["), "0123456789;:")
				if after[:1] != "[" || sgr == "" || sgr[0] != 'm' {
					t.Fatalf("row %d: %q", y, row)
				}
				rest = after
			}
		}
	}
}

func TestStyles(t *testing.T) {
	for _, test := range []struct{ in, want string }{ // 4 columns
		{"\x1b[31mab\x1b[m", "\x1b[31mab\x1b[m  "},
		{"\x1b[1;38;5;200ma\x1b[22mb", "\x1b[38;5;200;1ma\x1b[22mb\x1b[m  "},
		{"\x1b[44m\x1b[K", "\x1b[44m    \x1b[m"},
		{"\x1b[7ma\x1b[27mb", "\x1b[7ma\x1b[mb  "},
		{"\x1b[31m日\x1b[m", "\x1b[31m日\x1b[m  "},
	} {
		vt := New(4, 1)
		vt.Write([]byte(test.in))
		if got := vt.Row(0, 0); got != test.want {
			t.Errorf("%q is drawn as %q, want %q", test.in, got, test.want)
		}
	}
}

func TestReplies(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"\x1b[c", "\x1b[?62;22c"},
		{"\x1b[>c", "\x1b[>1;10;0c"},
		{"\x1b[5n", "\x1b[0n"},
		{"\x1b[2;3H\x1b[6n", "\x1b[2;3R"},
		{"\x1b[?7$p\x1b[?2004$p\x1b[?9999$p", "\x1b[?7;1$y\x1b[?2004;2$y\x1b[?9999;0$y"},
		{"\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x1b\\"},
		{"\x1b]52;c;?\x07\x1b[?u\x1b[18t\x1b[>q", ""},
	} {
		vt := New(10, 4)
		vt.Write([]byte(test.in))
		if got := string(vt.Replies()); got != test.want {
			t.Errorf("%q is answered with %q, want %q", test.in, got, test.want)
		}
	}
	vt := New(10, 4)
	vt.Write([]byte(strings.Repeat("\x1b[c", 100_000)))
	if n := len(vt.Replies()); n > maxReplies {
		t.Errorf("%d bytes of replies", n)
	}
}

func TestHistory(t *testing.T) {
	vt := New(4, 2)
	for i := range maxHistory + 10 {
		vt.Write([]byte(strings.Repeat(string(rune('a'+i%26)), 3) + "\r\n"))
	}
	if vt.History() != maxHistory {
		t.Errorf("%d rows of history", vt.History())
	}
	last := func(n int) string { return strings.Repeat(string(rune('a'+(maxHistory+10-n)%26)), 3) + " " }
	for y, want := range []string{last(4), last(3)} {
		if got := vt.Row(y, 3); got != want {
			t.Errorf("three rows up, row %d is %q, want %q", y, got, want)
		}
	}
	vt.Write([]byte("\x1b[?1049h"))
	if vt.History() != 0 {
		t.Error("an editor has a history")
	}
	vt.Write([]byte("\x1b[?1049l\x1b[3J"))
	if vt.History() != 0 {
		t.Error("clear left the history")
	}
}

func TestResize(t *testing.T) {
	vt := New(10, 4)
	vt.Write([]byte("1\r\n2\r\n3\r\n日本語"))
	vt.Resize(3, 2)
	if got := shown(vt); got != "3|日" {
		t.Errorf("smaller: %q", got)
	}
	sound(t, vt)
	vt.Resize(12, 4)
	if got := shown(vt); got != "1|2|3|日" {
		t.Errorf("larger again: %q", got)
	}
	sound(t, vt)
	vt.Write([]byte("\x1b[?1049h\x1b[4;1Hx"))
	vt.Resize(1, 1)
	vt.Write([]byte("\x1b[?1049l日本"))
	sound(t, vt)
}

func FuzzWrite(f *testing.F) {
	for _, s := range []string{
		"\x1b[2;3r\x1b[?6h\x1bM\x1b[5L\x1b[9M\x1b[S\x1b[T", "日本\x1b[1;2H\x1b[4hx\x1b[2P\x1b[3@", "\x1b[?1049h\x1b7\x1bc\x1b8\x1b[99b",
		"\x1b]0;x\x1b\\\x1b[38:2::1:2:3mx\u0301👩\u200d💻", "e\u0301\x1b[200X\x1b[1000000000b\x1b[I\x1b[Z", "\x1b#8\x1b[!p\x1b(0q\x0e",
	} {
		f.Add([]byte(s), uint8(9), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, width, height uint8) {
		vt := New(10, 4)
		vt.Write(b[:len(b)/2])
		sound(t, vt)
		vt.Resize(int(width%40), int(height%12))
		sound(t, vt)
		vt.Write(b[len(b)/2:])
		sound(t, vt)
		vt.Resize(10, 4)
		sound(t, vt)
	})
}

// Rows are drawn anew when they changed, and only then.
func TestRowsAreKept(t *testing.T) {
	vt := New(10, 4)
	vt.Write([]byte("a\r\nb"))
	for y := range 4 {
		vt.Row(y, 0)
	}
	vt.Write([]byte("c"))
	if kept := slices.IndexFunc(vt.rows, func(s string) bool { return s == "" }); kept != 1 {
		t.Errorf("row %d is to be drawn anew, want 1", kept)
	}
	if got := vt.Row(1, 0); !strings.HasPrefix(got, "bc ") {
		t.Errorf("drawn as %q", got)
	}
}

func BenchmarkWrite(b *testing.B) {
	logs := []byte(strings.Repeat("2026-01-02T03:04:05Z INFO request served path=/healthz status=200 took=1.234ms\r\n", 100))
	colour := []byte(strings.Repeat("\x1b[32m2026-01-02\x1b[m \x1b[1;34mINFO\x1b[m request \x1b[38;5;200mserved\x1b[m path=/healthz\r\n", 100))
	for name, in := range map[string][]byte{"plain": logs, "colour": colour} {
		b.Run(name, func(b *testing.B) {
			vt := New(96, 40)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				vt.Write(in)
			}
		})
	}
}

func BenchmarkRows(b *testing.B) {
	vt := New(96, 40)
	vt.Write([]byte(strings.Repeat("\x1b[32m2026-01-02\x1b[m \x1b[1;34mINFO\x1b[m request \x1b[38;5;200mserved\x1b[m path=/healthz\r\n", 100)))
	for b.Loop() {
		vt.changed(0, 39)
		for y := range 40 {
			vt.Row(y, 0)
		}
	}
}
