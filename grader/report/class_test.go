package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	dom "golang.org/x/net/html"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/class/classtest"
	"podlab.dev/podlab/grader/report"
)

// ofClass are the renderings of a whole class, ofStudent those of one student.
var (
	ofClass = map[string]func(io.Writer, *class.Class, report.Options) error{
		"class.txt": report.ClassText, "class.csv": report.ClassCSV, "class.xml": report.ClassJUnit,
	}
	ofStudent = map[string]func(io.Writer, *class.Student, *class.Class, report.Options) error{
		"gradescope.json": report.Gradescope, "feedback.md": report.Markdown,
	}
)

// rendered is everything that is rendered of a class; what is of students stands
// one after the other.
func rendered(t *testing.T, c *class.Class) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, render := range ofClass {
		var b bytes.Buffer
		if err := render(&b, c, report.Options{Clean: clean}); err != nil {
			t.Fatal(err)
		}
		out[name] = b.String()
	}
	for name, render := range ofStudent {
		var b bytes.Buffer
		for i := range c.Students {
			if err := render(&b, &c.Students[i], c, report.Options{Clean: clean}); err != nil {
				t.Fatal(err)
			}
		}
		out[name] = b.String()
	}
	return out
}

func TestClassGolden(t *testing.T) {
	for name, got := range rendered(t, classtest.Sample()) {
		t.Run(name, func(t *testing.T) {
			golden := "testdata/" + name + ".golden"
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
				t.Errorf("%s differs (go test ./grader/report -run Golden -update, then read the diff):\n%s", golden, got)
			}
		})
	}
}

func TestEveryStudentIsInEveryRendering(t *testing.T) {
	for _, c := range []*class.Class{classtest.Sample(), classtest.Of(200)} {
		for name, out := range rendered(t, c) {
			for i := range c.Students {
				if id := c.Students[i].ID; !strings.Contains(out, id) {
					t.Errorf("%s: %s is not in it", name, id)
				}
			}
		}
	}
}

// Whatever a student writes, no program that reads a rendering gets a control
// character from it.
func TestNoRenderingOfAClassHasControlCharacters(t *testing.T) {
	for name, out := range rendered(t, classtest.Sample()) {
		for _, r := range out {
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Fatalf("%s: %U is in it", name, r)
			}
		}
	}
}

func TestClassCSVReadsBack(t *testing.T) {
	c := classtest.Sample()
	rows, err := csv.NewReader(strings.NewReader(rendered(t, c)["class.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(c.Students) || len(rows[0]) != 11+len(c.Checks) {
		t.Fatalf("%d rows of %d", len(rows), len(rows[0]))
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a spreadsheet computes %q", cell)
			}
		}
	}
	row := func(id string) map[string]string {
		i := slices.IndexFunc(rows, func(r []string) bool { return r[0] == id })
		if i < 0 {
			t.Fatalf("there is no row for %s", id)
		}
		m := map[string]string{}
		for j, head := range rows[0] {
			m[head] = rows[i][j]
		}
		return m
	}
	for id, want := range map[string]string{
		"'=1+1": "score=1 earned=1 unjudged=0 lost=0 late=0 state=graded check:exists=1 check:why=0",
		"s1":    "score=10 earned=10 unjudged=0 lost=0 late=0 state=graded check:exists=1 check:why=2",
		"s2":    "score=3.25 earned=4 unjudged=0 lost=0.75 late=93900 state=graded check:exists=1 check:why=2",
		"s3":    "score=3 earned=3 unjudged=5 lost=0 late=0 state=graded check:exists=1 check:why=",
		"s4":    "score=0 earned=0 unjudged=0 lost=0 late=0 state=refused check:exists= check:why=",
		"s5":    "score= earned= unjudged=10 lost=0 late=0 state=errored check:exists= check:why=",
		"s6":    "score= earned= unjudged=0 lost=0 late=0 state=missing check:exists= check:why=",
	} {
		r, got := row(id), []string{}
		for _, k := range []string{"score", "earned", "unjudged", "lost", "late", "state", "check:exists", "check:why"} {
			got = append(got, k+"="+r[k])
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
}

func TestClassJUnitIsWellFormed(t *testing.T) {
	c := classtest.Sample()
	for name, o := range map[string]report.Options{"cleaned": {Clean: clean}, "as it is": {Clean: func(s string) string { return s }}} {
		var b bytes.Buffer
		if err := report.ClassJUnit(&b, c, o); err != nil {
			t.Fatal(err)
		}
		var read struct {
			Suites []struct {
				Name     string `xml:"name,attr"`
				Tests    int    `xml:"tests,attr"`
				Failures int    `xml:"failures,attr"`
				Errors   int    `xml:"errors,attr"`
				Skipped  int    `xml:"skipped,attr"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := []string{"5 4 0 0", "5 0 0 0", "5 2 0 1", "5 1 2 0", "1 1 0 0", "1 0 1 0", "1 0 0 1"}
		for i, s := range read.Suites {
			if got := fmt.Sprint(s.Tests, s.Failures, s.Errors, s.Skipped); got != want[i] {
				t.Errorf("%s: %.20s: tests, failures, errors, skipped are %s, want %s", name, s.Name, got, want[i])
			}
		}
		// Nothing that a student wrote became an element.
		d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if e, ok := tok.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "img") {
				t.Errorf("%s: there is a <%s>", name, e.Name.Local)
			}
		}
	}
}

// gradescopeResults is as Gradescope reads it.
type gradescopeResults struct {
	Score            *float64
	Output           string
	OutputFormat     string `json:"output_format"`
	TestOutputFormat string `json:"test_output_format"`
	TestNameFormat   string `json:"test_name_format"`
	Tests            []struct {
		Name, Status, Visibility string
		Score                    *float64
		MaxScore                 *float64 `json:"max_score"`
	}
}

func TestGradescope(t *testing.T) {
	c := classtest.Sample()
	score := map[string]string{"=1+1": "1", "s1": "10", "s2": "3.25", "s3": "6", "s4": "0", "s5": "none", "s6": "0"}
	for i := range c.Students {
		s := &c.Students[i]
		var b bytes.Buffer
		if err := report.Gradescope(&b, s, c, report.Options{Clean: clean}); err != nil {
			t.Fatal(err)
		}
		var g gradescopeResults
		if err := json.Unmarshal(b.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		got := "none"
		if g.Score != nil {
			got = report.Number(*g.Score)
		}
		if got != score[s.ID] {
			t.Errorf("%s: the score is %s, want %s", s.ID, got, score[s.ID])
		}
		if g.OutputFormat != "text" || g.TestOutputFormat != "text" || g.TestNameFormat != "text" {
			t.Errorf("%s: what a student wrote is rendered", s.ID)
		}
		for _, x := range g.Tests {
			if x.Visibility != "visible" || x.Name == "" {
				t.Errorf("%s: %+v", s.ID, x)
			}
			// With a score or a most it would count; with a status it would be one.
			if counts := x.Score != nil || x.MaxScore != nil || x.Status != ""; s.ID == "s3" && counts != (x.Name == "The Deployment exists" || x.Name == "Its Pods are Ready" || x.Name == "A liveness probe asks /healthz") {
				t.Errorf("%s: %+v", s.ID, x)
			}
		}
	}
}

// What a student writes becomes text and code in Markdown, and nothing else.
func TestMarkdownIsNotBrokenOutOf(t *testing.T) {
	c := classtest.Sample()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	evil := &c.Students[0]
	for _, name := range []string{evil.Name, "www.evil.example", "see https://evil.example/x?y", "a@evil.example", "![x](//evil.example)", "a *b* _c_ ~~d~~ `e` <b>f</b>", "````", "` x `", "1. x", "- x", "# x", "=== x", "&lt;", `\`, "a | b"} {
		s := *evil
		s.Name = name
		s.Refusals = []class.Refusal{{Why: name}, {File: "`" + name, Why: name + "``"}}
		s.Report.Results[1].Message, s.Report.Results[1].Mismatches[0].Got, s.Report.Results[1].Why, s.Report.Results[1].Next = name, name, name, name
		var b bytes.Buffer
		if err := report.Markdown(&b, &s, c, report.Options{Clean: clean}); err != nil {
			t.Fatal(err)
		}
		source := b.Bytes()
		headings, shown := 0, ""
		err := ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, in bool) (ast.WalkStatus, error) {
			if !in {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Heading:
				headings++
			case *ast.Link, *ast.AutoLink, *ast.Image, *ast.HTMLBlock, *ast.RawHTML:
				t.Errorf("%q became a %s", name, n.Kind())
			case *ast.FencedCodeBlock:
				for i := range n.Lines().Len() {
					line := n.Lines().At(i)
					shown += string(line.Value(source))
				}
			case *ast.CodeSpan:
				for k := n.FirstChild(); k != nil; k = k.NextSibling() {
					shown += string(k.(*ast.Text).Segment.Value(source)) + "\n"
				}
			}
			return ast.WalkContinue, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if headings != 1+1+3+5 {
			t.Errorf("%q: there are %d headings", name, headings)
		}
		if want := clean(name); strings.Count(shown, want) < 5 {
			t.Errorf("%q is not shown as it is, in\n%s", want, shown)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 400 * time.Millisecond: "0 s", 40 * time.Second: "40 s", time.Hour: "1 h", 2*time.Hour + 5*time.Minute + time.Second: "2 h 5 min",
		26 * time.Hour: "1 d 2 h", 24*time.Hour + time.Minute: "1 d",
	} {
		if got := report.Span(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// What is asked of the instructor is not told to students.
func TestQuestionsAreForTheInstructor(t *testing.T) {
	for name, out := range rendered(t, classtest.Sample()) {
		for _, q := range []string{"whose work is it?", "the same 41 lines"} {
			if told, want := strings.Contains(out, q), name == "class.txt"; told != want {
				t.Errorf("%s: that it says %q is %t, want %t", name, q, told, want)
			}
		}
	}
}

// Names and titles of any characters are read in Markdown as they were written.
func TestMarkdownEscapesAnyName(t *testing.T) {
	c := classtest.Sample()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))
	pieces := strings.Split("a b 1 . : / \\ ` * _ { } [ ] ( ) < > # | ~ & ! $ @ - + = ^ ; ' \" , www. http:// https://x.example mailto: a@b.example &lt; &#64; <b> ``` ~~~ [^1] é ö 日", " ")
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		name := ""
		for range 1 + rng.IntN(9) {
			name += pieces[rng.IntN(len(pieces))]
			if rng.IntN(4) == 0 {
				name += " "
			}
		}
		c.Title = name
		s := class.Student{ID: "s1", Name: name, State: class.Missing}
		var b, page bytes.Buffer
		if err := report.Markdown(&b, &s, c, report.Options{Clean: clean}); err != nil {
			t.Fatal(err)
		}
		if err := md.Convert(b.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		root, err := dom.Parse(&page)
		if err != nil {
			t.Fatal(err)
		}
		read := map[string]string{}
		for n := range root.Descendants() {
			if n.Type == dom.TextNode {
				read[n.Parent.Data] += n.Data
			}
		}
		if want := clean(name); read["h1"] != want || read["strong"] != want+" (s1)" {
			t.Fatalf("%q is read as %q, in\n%s", want, read, b.String())
		}
	}
}

// A spreadsheet that takes semicolons for the ends of cells finds no formula either.
func TestClassCSVSemicolons(t *testing.T) {
	c := &class.Class{Students: []class.Student{{ID: "ada", Name: "Ada;=1+1; @x;\"-2", State: class.Refused, Why: "no;\u3000\uff1dcmd"}}}
	var b bytes.Buffer
	if err := report.ClassCSV(&b, c, report.Options{Clean: func(s string) string { return s }}); err != nil {
		t.Fatal(err)
	}
	for cell := range strings.SplitSeq(b.String(), ";") {
		if cell = strings.TrimLeft(cell, " \u3000\""); strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") || strings.HasPrefix(cell, "\uff1d") {
			t.Errorf("%q is a formula in %s", cell, b.String())
		}
	}
}
