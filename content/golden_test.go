package content

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestRenderGolden(t *testing.T) {
	for name, opts := range map[string]Options{
		"service-dark-80":  {Width: 80, Style: Dark, Color: true},
		"service-plain-80": {Width: 80},
		"service-plain-40": {Width: 40, Style: NoTTY},
		"chinese-dark-60":  {Width: 60, Style: Dark, Color: true},
		"chinese-plain-80": {Width: 80},
		"chinese-plain-31": {Width: 31},
	} {
		t.Run(name, func(t *testing.T) {
			lesson, _, _ := strings.Cut(name, "-")
			source, err := os.ReadFile("testdata/" + lesson + ".md")
			if err != nil {
				t.Fatal(err)
			}
			page, err := Parse(source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := page.Render(opts)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test ./content -run Golden -update, then read the diff):\n%s", golden, got)
			}
		})
	}
}

// What tells glamour where a line may end is nowhere else.
func TestBreaksAreGlamoursOnly(t *testing.T) {
	source, err := os.ReadFile("testdata/chinese.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	text, err := page.Render(Options{Width: 40, Color: true})
	if err != nil {
		t.Fatal(err)
	}
	if page.Title != "一条命令创建一个 Pod" || strings.ContainsRune(text, mayBreak) {
		t.Errorf("%q\n%q", page.Title, text)
	}
	for in, want := range map[string]string{
		"abc":     "abc",
		"a中文b":    "a中|文b",
		"「就绪」，好。": "「就|绪」，|好。",
		"中 文":     "中 文",
		"“中文”……":  "“中|文”……",
	} {
		if got := strings.ReplaceAll(breakable(in), string(mayBreak), "|"); got != want {
			t.Errorf("%s: %s, not %s", in, got, want)
		}
	}
}
