package html

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
)

// page is what the templates are given. Every string in it that others wrote has
// been cleaned.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS

	Title, Lab string
	Facts      []fact
	Figures    []fact
	Notes      []string
	Contained  []string
	Bins       []bin
	BinsSay    string
	Legend     []mark
	Heat       heat
	Hardest    []bars
	Alike      []alike
	Asked      []asked
	Students   []student
	Patterns   []phase
}

// fact is a word or two and what they stand for.
type fact struct{ Name, Value, More string }

// bin is a bar of the distribution. X and Wide are percentages of the picture, the
// rest pixels.
type bin struct {
	From    string
	Count   int
	X, Mid  float64
	Wide    float64
	Y, High int
}

// bars are what a check came to, as a bar that is divided. Places are percentages.
type bars struct {
	Title, Step             string
	N                       int
	Passed, Failed, Blocked int
	Errored, Judged         int
	Rate                    string
	Parts                   []part
}

type part struct {
	Class   string
	X, Wide float64
}

// alike is a question about two students, linked by their numbers.
type alike struct {
	A, B       string
	NA, NB     int
	Share      string
	Why        []string
	HasA, HasB bool
}

// asked is a question about one student.
type asked struct {
	N        int
	Who, Why string
}

const (
	binsHigh = 150 // pixels of the tallest bar
	hardest  = 6
)

func newPage(c *class.Class, o report.Options) page {
	sum := c.Summary()
	p := page{
		Policy: policy(), Style: template.CSS(style), Script: template.JS(script),
		Title: o.Clean(c.Title), Lab: o.Clean(c.Lab), Legend: legend(), Patterns: phases(),
	}
	p.facts(c, o)
	p.figures(c, sum)
	p.bins(c)
	p.Heat = newHeat(c, sum, o)
	for _, k := range sum.Hardest(hardest) {
		p.Hardest = append(p.Hardest, newBars(k, c, o))
	}
	number := map[string]int{}
	for i := range c.Students {
		number[c.Students[i].ID] = i + 1
		p.Students = append(p.Students, newStudent(i+1, c, o))
		for _, q := range c.Students[i].Questions {
			p.Asked = append(p.Asked, asked{i + 1, report.Who(&c.Students[i], o), o.Clean(q)})
		}
	}
	for _, a := range c.Alike {
		q := alike{A: o.Clean(a.A), B: o.Clean(a.B), Share: report.Percent(a.Share)}
		if q.NA, q.HasA = number[a.A]; q.HasA {
			q.A = report.Who(&c.Students[q.NA-1], o)
		}
		if q.NB, q.HasB = number[a.B]; q.HasB {
			q.B = report.Who(&c.Students[q.NB-1], o)
		}
		for _, why := range a.Why {
			q.Why = append(q.Why, o.Clean(why))
		}
		p.Alike = append(p.Alike, q)
	}
	return p
}

// facts are when, where and by what the class was graded.
func (p *page) facts(c *class.Class, o report.Options) {
	add := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, fact{Name: name, Value: value})
		}
	}
	add("Lab", p.Lab)
	if !c.Began.IsZero() {
		add("Graded", c.Began.UTC().Format("2 January 2006, 15:04 UTC"))
		if took := c.Ended.Sub(c.Began); took > 0 {
			add("Took", report.Span(took))
		}
	}
	add("Cluster", o.Clean(c.Cluster))
	add("podlab", o.Clean(c.Program))
	add("Lab files", short(o.Clean(c.Digest)))
	for _, s := range c.Contained {
		p.Contained = append(p.Contained, o.Clean(s))
	}
}

// figures are the class in numbers.
func (p *page) figures(c *class.Class, sum class.Summary) {
	add := func(name, value, more string) { p.Figures = append(p.Figures, fact{name, value, more}) }
	add("students", fmt.Sprint(len(c.Students)), "")
	if sum.Judged > 0 {
		points := float64(c.Points)
		add("mean", report.Percent(sum.Mean), fmt.Sprintf("%s of %d", report.Number(sum.Mean*points), c.Points))
		add("median", report.Percent(sum.Median), fmt.Sprintf("%s of %d", report.Number(sum.Median*points), c.Points))
	}
	full := 0
	for i := range c.Students {
		if r := c.Students[i].Report; r != nil && r.Passed {
			full++
		}
	}
	add("passed all", fmt.Sprint(full), "")
	for _, s := range []class.State{class.Graded, class.Refused, class.Errored, class.Missing} {
		add(string(s), fmt.Sprint(c.Count(s)), "")
	}
	if n := c.Count(class.Errored); n > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d could not be graded. That is not their loss: they count nowhere, and have to be graded again.", n))
	}
	if sum.Partly > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("Of %d a part could not be judged. They count with the part that could.", sum.Partly))
	}
	late := 0
	for i := range c.Students {
		if c.Students[i].Late > 0 {
			late++
		}
	}
	if late > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d handed in late.", late))
	}
}

// bins count the students by tenths of the points that could be judged; who has all
// of them has a bar apart.
func (p *page) bins(c *class.Class) {
	var counts [11]int
	most := 0
	for i := range c.Students {
		if share, ok := c.Share(&c.Students[i]); ok {
			n := int(share*10 + 1e-9)
			counts[n]++
			most = max(most, counts[n])
		}
	}
	if most == 0 {
		return
	}
	var say []string
	each := 100 / float64(len(counts))
	for i, n := range counts {
		high := (n*binsHigh + most - 1) / most
		p.Bins = append(p.Bins, bin{
			From: fmt.Sprint(10 * i), Count: n, X: round(float64(i)*each + each*0.06), Mid: round((float64(i) + 0.5) * each),
			Wide: round(each * 0.88), Y: 18 + binsHigh - high, High: high,
		})
		switch {
		case n == 0:
		case i == 10:
			say = append(say, fmt.Sprintf("all points: %d", n))
		default:
			say = append(say, fmt.Sprintf("%d to %d %%: %d", 10*i, 10*i+9, n))
		}
	}
	p.BinsSay = "Students by the share of points they have. " + strings.Join(say, ", ") + "."
}

func newBars(k class.Outcome, c *class.Class, o report.Options) bars {
	b := bars{
		Title: o.Clean(k.Title), Step: o.Clean(k.Step), Passed: k.Passed, Failed: k.Failed, Blocked: k.Blocked, Errored: k.Errored,
		Judged: k.Judged(), Rate: report.Percent(k.Rate()),
	}
	for i := range c.Checks {
		if c.Checks[i].ID == k.ID {
			b.N = i + 1
		}
	}
	at := 0.0
	for _, x := range []struct {
		class string
		n     int
	}{{"pass", k.Passed}, {"fail", k.Failed}, {"wait", k.Blocked}, {"err", k.Errored}} {
		wide := 100 * float64(x.n) / float64(max(1, k.Judged()+k.Errored))
		if x.n > 0 {
			b.Parts = append(b.Parts, part{x.class, round(at), round(wide)})
		}
		at += wide
	}
	return b
}

// round is to a tenth of a percent, which is a pixel on a wide screen.
func round(x float64) float64 { return float64(int(x*10+0.5)) / 10 }

// short is a digest as it is usually shown.
func short(digest string) string {
	kind, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return kind + ":" + hex[:12]
}

// stamp is a time as instructors write it, and for machines.
func stamp(t time.Time) (shown, machine string) {
	if t.IsZero() {
		return "", ""
	}
	return t.UTC().Format("2 Jan 2006, 15:04 UTC"), t.UTC().Format(time.RFC3339)
}
