package content

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

func parse(t *testing.T, source string) *Page {
	t.Helper()
	page, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func plainly(t *testing.T, source string, width int) string {
	t.Helper()
	out, err := parse(t, source).Render(Options{Width: width})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTitle(t *testing.T) {
	for source, want := range map[string]string{
		"# Make `web` *reachable* &amp; **seen**\n\ntext": "Make web reachable & seen",
		"text\n\n## Second level\n\n# First level\n":      "Second level",
		"Setext\ntitle\n===\n":                            "Setext title",
		"no heading":                                      "",
		"> # quoted\n":                                    "",
		"# a \\* b &#27;[2J \x1b[2Jc":                     "a * b c",
	} {
		if got := parse(t, source).Title; got != want {
			t.Errorf("title of %q is %q, want %q", source, got, want)
		}
	}
}

func TestSegments(t *testing.T) {
	page := parse(t, "# T\n\nintro\n\n1. one\n\n   ```sh\n   echo 1\n     indented\n   ```\n\n   after\n2. two\n\n> quote\n>\n> ```yaml\n> a: 1\n>\n> b: 2\n> ```\n\n    raw\n\n~~~\n```\n~~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
	type short struct {
		Kind         Kind
		Lang, Source string
	}
	var got []short
	for _, s := range page.Segments {
		got = append(got, short{s.Kind, s.Lang, s.Source})
	}
	want := []short{
		{Prose, "", "# T\n\nintro\n\n1. one"},
		{Code, "sh", "echo 1\n  indented"},
		{Prose, "", "   after\n2. two\n\n> quote"},
		{Code, "yaml", "a: 1\n\nb: 2"},
		{Code, "", "raw"},
		{Code, "", "```"},
		{Prose, "", "| a | b |\n|---|---|\n| 1 | 2 |"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestCommands(t *testing.T) {
	page := parse(t, "```sh\nkubectl get pods \\\n  -o wide\n```\n\n- item\n\n  ```BASH title=x\n  a\tb\n  ```\n\n```yaml\na: 1\n```\n\n```console\n$ one \\\n>   more\noutput\n$ two\n```\n\n```console\nonly output\n```\n\n```\nno language\n```\n\n```sh\n```\n\n```shell\r\ncrlf\r\n```\r\n")
	want := []string{"kubectl get pods \\\n  -o wide", "a b", "one \\\n  more\ntwo", "crlf"}
	if got := page.Commands(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRenderLayout(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"empty", "", ""},
		{"comment only", "<!-- for authors -->\n", ""},
		{"marks go", "**b** *i* `c` ~~s~~ [l](http://x.y/z)", "b i c s l http://x.y/z\n"},
		{"numbers go on", "8. a\n9. b\n\n   ```\n   x\n   ```\n10. c\n11. d\n", "8. a\n9. b\n\nx\n\n10. c\n11. d\n"},
		{"numbers line up", "9. a\n10. b\n", " 9. a\n10. b\n"},
		{"hanging", "- aaaa bbbb cccc dddd eeee ffff gggg hhhh\n", "• aaaa bbbb cccc dddd eeee\n  ffff gggg hhhh\n"},
		{"nested", "1. a\n   - b\n     - c\n2. d\n", "1. a\n   • b\n     • c\n2. d\n"},
		{"loose", "- a\n\n- b\n", "• a\n\n• b\n"},
		{"paragraphs of an item", "- a\n\n  b\n", "• a\n\n  b\n"},
		{"tasks", "- [x] done\n- [ ] open\n", "[x] done\n[ ] open\n"},
		{"item of code only", "- ```\n  x\n  ```\n- b\n", "•\n\nx\n\n• b\n"},
		{"code in a nested list", "- a\n  - b\n    ```\n    x\n    ```\n  - c\n- d\n", "• a\n\n• b\n\nx\n\n• c\n• d\n"},
		{"quote", "> a\n>\n> > b\n", "| a\n|\n| | b\n"},
		{"list in quote", "> - a\n> - b\n", "| • a\n| • b\n"},
		{"reference across code", "[a][r]\n\n```\nx\n```\n\n[r]: http://x.y/\n", "a http://x.y/\n\nx\n"},
		{"inline code keeps hyphens together", "run `kubectl get --all-namespaces` x", "run kubectl get\n--all-namespaces x\n"},
		{"inline code is literal", "`&amp; \\* <b>`", "&amp; \\* <b>\n"},
		{"entity", "&lt;b&gt; &copy;", "<b> ©\n"},
		{"entities that hide", "a&#27;[31mb&#x202e;c&ZeroWidthSpace;d&nbsp;e&#xfdd0;f", "a\uFFFD[31mb\uFFFDcd ef\n"},
		{"html block", "<p>a &#27;[31mb</p>\n", "a \uFFFD[31mb\n"},
		{"trailing blanks of code stay", "```\na  \n\n\nb\n```\n", "a  \n\n\nb\n"},
		{"heading", "# A\nb\n## C\n", "A\n\nb\n\nC\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			width := 28
			if got := plainly(t, test.source, width); got != test.want {
				t.Errorf("%q:\n%s\n%q\nwant %q", test.source, got, got, test.want)
			}
		})
	}
}

func TestRenderFitsTheWidth(t *testing.T) {
	source, err := os.ReadFile("testdata/service.md")
	if err != nil {
		t.Fatal(err)
	}
	page := parse(t, string(source))
	var code []string
	for _, s := range page.Segments {
		if s.Kind == Code {
			code = append(code, strings.Split(s.Source, "\n")...)
		}
	}
	for _, width := range []int{20, 33, 40, 80, 132} {
		out, err := page.Render(Options{Width: width, Color: true})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if bare := ansi.Strip(line); ansi.StringWidth(bare) > width && !slices.Contains(code, bare) {
				t.Errorf("at %d: %q", width, bare)
			}
		}
	}
}

func TestRenderOptions(t *testing.T) {
	page := parse(t, "# A\n\ntext `c`\n\n```sh\nx\n```\n")
	if _, err := page.Render(Options{Style: "pink"}); err == nil {
		t.Error("an unknown style is taken")
	}
	for _, style := range []Style{"", Dark, Light, NoTTY} {
		plain, err := page.Render(Options{Style: style})
		if err != nil || plain != "A\n\ntext c\n\nx\n" {
			t.Errorf("%s without colour: %q, %v", style, plain, err)
		}
		colour, err := page.Render(Options{Style: style, Color: true})
		if err != nil || ansi.Strip(colour) != plain {
			t.Errorf("%s in colour: %q, %v", style, colour, err)
		}
		if (colour == plain) != (style == NoTTY) {
			t.Errorf("%s in colour: %q", style, colour)
		}
	}
}

func TestPageIsRenderedConcurrently(t *testing.T) {
	source, err := os.ReadFile("testdata/service.md")
	if err != nil {
		t.Fatal(err)
	}
	page := parse(t, string(source))
	want, err := page.Render(Options{Color: true})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if got, err := page.Render(Options{Color: true}); err != nil || got != want {
				t.Errorf("another result: %v", err)
			}
		})
	}
	group.Wait()
}

func TestParseRefuses(t *testing.T) {
	for name, source := range map[string]string{
		"size":        strings.Repeat("a", MaxBytes+1),
		"quotations":  strings.Repeat(">", 100000) + " x",
		"lists":       strings.Repeat("- ", 50000) + "x",
		"nested list": nest(100),
	} {
		begin := time.Now()
		if _, err := Parse([]byte(source)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func nest(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("  ", i) + "- x\n")
	}
	return b.String()
}

// FuzzRender states the two promises: code is verbatim, and nothing but text,
// newlines and colours comes out.
func FuzzRender(f *testing.F) {
	lesson, err := os.ReadFile("testdata/service.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(lesson), 80)
	for _, s := range hostile {
		f.Add("# "+s+"\n\n- "+s+"\n\n  ```sh\n  "+s+"\n  ```\n\n`"+s+"` ["+s+"]("+s+")", 40)
	}
	f.Add("&#27;[2J `&#27;` <b>&#27;</b>\n\n<p>&#27;[8m\n\n| &#155; |\n|-|\n| `a\\|b` |\n", 30)
	f.Add("> - > 1. ```\n> a\n\n~~~~x\n~~~\n\t\ttabs\r\n~~~~\n", 20)
	f.Add("![i](u) <http://x.y> http://x.y/z a@b.c ~~**x**~~ *`a`*\n\n[r]: /u 'x'\n[r]\n\n***\nx\\\ny  \nz", 0)
	f.Fuzz(func(t *testing.T, source string, width int) {
		page, err := Parse([]byte(source))
		if err != nil {
			t.Skip()
		}
		safe(t, page.Title, false)
		for _, color := range []bool{true, false} {
			out, err := page.Render(Options{Width: width % 200, Color: color})
			if err != nil {
				t.Fatalf("render %q: %v", source, err)
			}
			safe(t, out, color)
			rest := strings.Split(ansi.Strip(out), "\n")
			for _, s := range page.Segments {
				if s.Kind != Code {
					continue
				}
				for line := range strings.SplitSeq(s.Source, "\n") {
					at := slices.Index(rest, line)
					if at < 0 {
						t.Fatalf("line %q of %q is not in\n%q", line, source, out)
					}
					rest = rest[at+1:]
				}
			}
		}
	})
}
