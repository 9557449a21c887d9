package content_test

import (
	"slices"
	"testing"

	"podlab.dev/podlab/content"
)

func TestLinks(t *testing.T) {
	page, err := content.Parse([]byte("# A [title](title.md)\n\nSee\n[one](files/one.yaml), ![two](two.png)\nand [three][3].\n\n" +
		"- <https://kubernetes.io>\n- https://bare.example/x\n\n> ![q](q.png)\n\n```sh\necho [no](no.md)\n```\n\n`[no](no.md)` [not a link]\n\n[3]: three.md\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []content.Link{
		{Dest: "title.md", Line: 1},
		{Dest: "files/one.yaml", Line: 4},
		{Dest: "two.png", Image: true, Line: 4},
		{Dest: "three.md", Line: 5},
		{Dest: "https://kubernetes.io", Line: 7},
		{Dest: "https://bare.example/x", Line: 8},
		{Dest: "q.png", Image: true, Line: 10},
	}
	if got := page.Links(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
