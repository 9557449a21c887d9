package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	dom "golang.org/x/net/html"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/class/classtest"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/grader/report/html"
)

var (
	update = flag.Bool("update", false, "rewrite testdata/*.golden")
	keep   = flag.String("keep", "", "keep the page of a class of 200 as this file, to be looked at")
)

func clean(s string) string { return content.Line(s, 300) }

func render(t *testing.T, c *class.Class, clean func(string) string) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, c, report.Options{Clean: clean}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The golden has no style, no script and no digests: they are looked at, not read.
var unread = regexp.MustCompile(`(?s)(<style>|<script>|'sha256-).*?(</style>|</script>|')`)

func TestPageGolden(t *testing.T) {
	c := classtest.Sample()
	c.Students = c.Students[2:5]
	got := unread.ReplaceAllString(render(t, c, clean), "$1…$2")
	const golden = "testdata/page.golden"
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
		t.Errorf("%s differs (go test ./grader/report/html -run Golden -update, then read the diff):\n%s", golden, got)
	}
}

func TestEveryStudentIsOnThePage(t *testing.T) {
	for _, c := range []*class.Class{classtest.Sample(), classtest.Of(200), classtest.Of(0)} {
		page := render(t, c, clean)
		root := parse(t, page)
		rows, sections := 0, 0
		for n := range root.Descendants() {
			rows += count(strings.HasPrefix(attr(n, "id"), "row-"))
			sections += count(n.Data == "article")
		}
		if rows != len(c.Students) || sections != len(c.Students) {
			t.Errorf("%d students have %d rows and %d sections", len(c.Students), rows, sections)
		}
		for i := range c.Students {
			if !strings.Contains(text(root), c.Students[i].ID) {
				t.Errorf("%s is not there", c.Students[i].ID)
			}
		}
		if *keep != "" && len(c.Students) == 200 {
			if err := os.WriteFile(*keep, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// hostile is a class all of whose strings are hostile.
func hostile() *class.Class {
	c := classtest.Sample()
	poison(reflect.ValueOf(c).Elem())
	return c
}

// poison replaces every string below v, but for those that the code branches on.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(classtest.Hostile)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	}
}

// Whatever a student writes, in whatever place, it is text: no element, no
// attribute and no address comes of it, even if nothing was cleaned before.
func TestHostileStringsAreText(t *testing.T) {
	addresses := []string{classtest.Hostile, "javascript:alert(1)", "//evil.example/x", "https://evil.example/x", "/etc/passwd", "../../x", `\\evil\x`, "data:text/html,x", "evidence/s1.evidence"}
	for name, clean := range map[string]func(string) string{"cleaned": clean, "as it is": func(s string) string { return s }} {
		for _, address := range addresses {
			c := hostile()
			for i := range c.Students {
				c.Students[i].Evidence = address
			}
			page := render(t, c, clean)
			if strings.Contains(page, "<script>document.documentElement.dataset") || strings.Contains(page, "<img") {
				t.Fatalf("%s: what a student wrote is markup", name)
			}
			elements := map[string]int{}
			for n := range parse(t, page).Descendants() {
				if n.Type != dom.ElementNode {
					continue
				}
				elements[n.Data]++
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcset" || a.Key == "action" {
						t.Errorf("%s: there is an attribute %s=%q", name, a.Key, a.Val)
					}
					if a.Key != "href" || strings.HasPrefix(a.Val, "#") {
						continue
					}
					if u, err := url.Parse(a.Val); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "/") || strings.Contains(a.Val, `\`) || strings.Contains(u.Path, "..") {
						t.Errorf("%s: %q leads to %q", name, address, a.Val)
					}
				}
			}
			if elements["script"] != 1 || elements["style"] != 1 || elements["img"]+elements["iframe"]+elements["object"]+elements["link"]+elements["base"]+elements["form"] != 0 {
				t.Errorf("%s: the elements are %v", name, elements)
			}
		}
	}
}

func TestNoControlCharacterIsOnThePage(t *testing.T) {
	for _, r := range render(t, hostile(), clean) {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("%U is on the page", r)
		}
	}
}

// The policy allows the style and the script that are on the page, and nothing else.
func TestPolicy(t *testing.T) {
	root := parse(t, render(t, classtest.Sample(), clean))
	policy, sums := "", map[string]string{}
	for n := range root.Descendants() {
		switch {
		case n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy":
			policy = attr(n, "content")
		case n.Type == dom.ElementNode && (n.Data == "style" || n.Data == "script"):
			sum := sha256.Sum256([]byte(text(n)))
			sums[n.Data] = "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
			if said := regexp.MustCompile(`https?:|//[a-z]|@import|url\(`).FindString(text(n)); said != "" {
				t.Errorf("the %s says %q", n.Data, said)
			}
		}
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", sums["style"], sums["script"])
	if policy != want {
		t.Errorf("the policy is\n%s\nwant\n%s", policy, want)
	}
}

// What is asked of a page that everybody can use and that a machine can test.
func TestPageIsAccessible(t *testing.T) {
	root := parse(t, render(t, classtest.Sample(), clean))
	ids, landmarks := map[string]bool{}, map[string]bool{}
	for n := range root.Descendants() {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements are %q", id)
			}
			ids[id] = true
		}
		landmarks[n.Data] = true
	}
	for _, l := range []string{"header", "nav", "main", "footer", "h1", "caption"} {
		if !landmarks[l] {
			t.Errorf("there is no %s", l)
		}
	}
	level := 0
	for n := range root.Descendants() {
		if n.Type != dom.ElementNode {
			continue
		}
		named := attr(n, "aria-label") != "" || attr(n, "aria-labelledby") != ""
		switch n.Data {
		case "html":
			if attr(n, "lang") == "" {
				t.Error("the page has no language")
			}
		case "h1", "h2", "h3", "h4":
			next := int(n.Data[1] - '0')
			if next > level+1 {
				t.Errorf("%s %q follows a heading of level %d", n.Data, text(n), level)
			}
			level = next
		case "th":
			if attr(n, "scope") == "" {
				t.Errorf("the heading %q has no scope", text(n))
			}
		case "svg":
			inside := n.Parent.Data == "svg"
			if !inside && attr(n, "aria-hidden") != "true" && (attr(n, "role") != "img" || !named) {
				t.Error("a picture has no words")
			}
		case "section", "nav":
			if !named {
				t.Errorf("a %s has no name", n.Data)
			}
		case "input", "select":
			if n.Parent.Data != "label" && !slices.ContainsFunc(slices.Collect(n.Parent.ChildNodes()), func(l *dom.Node) bool { return l.Data == "label" && attr(l, "for") == attr(n, "id") }) {
				t.Errorf("%s has no label", attr(n, "id"))
			}
		case "a":
			if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && !ids[to] {
				t.Errorf("%q leads nowhere", attr(n, "href"))
			}
			if strings.TrimSpace(text(n)) == "" {
				t.Errorf("a link to %s has no words", attr(n, "href"))
			}
		}
		if by := attr(n, "aria-labelledby"); by != "" && !ids[by] {
			t.Errorf("nothing is %q", by)
		}
	}
}

func parse(t *testing.T, page string) *dom.Node {
	t.Helper()
	root, err := dom.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func attr(n *dom.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *dom.Node) string {
	var b strings.Builder
	for k := range n.Descendants() {
		if k.Type == dom.TextNode {
			b.WriteString(k.Data)
		}
	}
	return b.String()
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
