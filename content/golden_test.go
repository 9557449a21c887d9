package content

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestRenderGolden(t *testing.T) {
	source, err := os.ReadFile("testdata/service.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]Options{
		"service-dark-80":  {Width: 80, Style: Dark, Color: true},
		"service-plain-80": {Width: 80},
		"service-plain-40": {Width: 40, Style: NoTTY},
	} {
		t.Run(name, func(t *testing.T) {
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
