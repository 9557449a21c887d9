package want_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// asWant is the view x written as a want that asks for exactly its leaves.
func asWant(x any) string {
	switch x := x.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for i, k := range keys {
			keys[i] = strconv.Quote(k) + ": " + asWant(x[k])
		}
		return "{" + strings.Join(keys, ", ") + "}"
	case []any:
		var elems []string
		for _, e := range x {
			elems = append(elems, asWant(e))
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case string:
		b, _ := json.Marshal(x)
		return string(b)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case nil:
		return "null"
	}
	return fmt.Sprint(x)
}

// leaves calls fn with every copy of x that lacks one leaf, or one element.
func leaves(x any, path string, fn func(path string, lacking any)) {
	switch x := x.(type) {
	case map[string]any:
		for k, e := range x {
			c := make(map[string]any, len(x))
			for k, e := range x {
				c[k] = e
			}
			delete(c, k)
			fn(path+"."+k, c)
			leaves(e, path+"."+k, func(path string, e any) { c[k] = e; fn(path, c) })
		}
	case []any:
		for i := range x {
			fn(fmt.Sprintf("%s[%d]", path, i), append(append([]any{}, x[:i]...), x[i+1:]...))
			c := append([]any{}, x...)
			leaves(x[i], fmt.Sprintf("%s[%d]", path, i), func(path string, e any) { c[i] = e; fn(path, c); c[i] = x[i] })
		}
	}
}

// A view is what it wants itself, and nothing that lacks any part of it is.
func TestEveryLeafCounts(t *testing.T) {
	for name := range objects {
		t.Run(name, func(t *testing.T) {
			v := viewOf(t, name)
			c := constraint(t, strings.TrimSuffix(strings.TrimPrefix(asWant(v), "{"), "}"))
			if got := c.Compare(v); len(got) > 0 {
				t.Fatalf("a view is not what it wants itself: %v", got)
			}
			n := 0
			leaves(v, "", func(path string, lacking any) {
				n++
				if testing.Short() && n%10 != 0 {
					return
				}
				got := c.Compare(lacking.(map[string]any))
				if len(got) == 0 {
					t.Errorf("passes without %s", path)
				}
				for _, m := range got {
					if m.Path == "" {
						t.Errorf("without %s: %v", path, m)
					}
				}
			})
		})
	}
}

// The same with the want in another file of the lab, where Require does not
// reach.
func TestEveryLeafCountsInABase(t *testing.T) {
	v := viewOf(t, "bare")
	c := constraint(t, "_base, let _base = "+asWant(v))
	if got := c.Compare(v); len(got) > 0 {
		t.Fatal(got)
	}
	leaves(v, "", func(path string, lacking any) {
		if len(c.Compare(lacking.(map[string]any))) == 0 {
			t.Errorf("passes without %s", path)
		}
	})
}

func TestMismatchesAreStable(t *testing.T) {
	v := viewOf(t, "pod")
	c := constraint(t, `metadata: labels: {a: "1", b: "2", c: "3"}, spec: {nodeName: "x", containers: web: {image: "a", name: "b"}}, status: phase: "Failed"`)
	first := fmt.Sprint(c.Compare(v))
	for range 20 {
		if again := fmt.Sprint(c.Compare(v)); again != first {
			t.Fatalf("first %s\nthen  %s", first, again)
		}
	}
}

func TestCompareDoesNotChangeTheView(t *testing.T) {
	v := viewOf(t, "pod")
	before := asWant(v)
	constraint(t, `metadata: annotations: ip: status.phase, status: phase: string, spec: nodeName?: _|_`).Compare(v)
	if asWant(v) != before {
		t.Error("Compare changed its argument")
	}
}

func TestZeroConstraint(t *testing.T) {
	if got := (want.Constraint{}).Compare(viewOf(t, "pod")); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestLongValuesAreCut(t *testing.T) {
	got := constraint(t, `data: x: "short"`).Compare(map[string]any{"data": map[string]any{"x": strings.Repeat("é", 1000)}})
	if len(got) != 1 || !strings.HasSuffix(got[0].Got, "… (842 more)") {
		t.Errorf("got %v", got)
	}
}

func TestCompareConcurrently(t *testing.T) {
	c := constraint(t, `spec: containers: [string]: image: !~":latest$", metadata: annotations: ip: status.podIP, status: {podIP: string, phase: "Failed" | "Succeeded"}`)
	first := fmt.Sprint(c.Compare(viewOf(t, "pod")))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				if got := fmt.Sprint(c.Compare(viewOf(t, "pod"))); got != first {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	wg.Wait()
}

// A session compares for hours: nothing of a comparison may stay.
func TestCompareDoesNotLeak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := constraint(t, `metadata: labels: app: "web", metadata: annotations: ip: status.podIP, status: {podIP: string, phase: "Failed"}`)
	v := viewOf(t, "pod")
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	run := func(n int) {
		for i := range n {
			v["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(i)
			c.Compare(v)
		}
	}
	run(50)
	before := heap()
	const n = 500
	run(n)
	if per := (heap() - before) / n; per > 200 {
		t.Errorf("%d bytes stay for each comparison", per)
	}
}

// A want is compared with the fields that it names only where the others cannot
// matter.
func TestPlain(t *testing.T) {
	for src, plain := range map[string]bool{
		`status: phase: "Running"`:                                       true,
		`spec: containers: web: image: =~"web" | "nginx"`:                true,
		`spec: {nodeName?: _|_, containers: web: resources: limits: _}`:  true,
		`spec: containers: web: resources: limits: memory: >1Mi & <=1Gi`: true,
		`spec: containers: [string]: image: "x"`:                         true,
		`spec: containers: [=~"a"]: image: "x"`:                          false,
		`spec: containers: {[string]: image: "x", web: name: "y"}`:       false,
		`spec: containers: close({web: _})`:                              false,
		`metadata: annotations: ip: status.podIP, status: podIP: string`: true, // what it refers to is named too
		`spec: {a: 1} | {b: 1}`:                                          false,
		`spec: finalizers: list.MatchN(>0, "x")`:                         false,
		`spec: containers: struct.MinFields(1)`:                          false,
	} {
		v, err := value(t, src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		c, err := want.New(v)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if c.Plain() != plain {
			t.Errorf("%s: plain is %v", src, c.Plain())
		}
	}
}

// What a quick look at the values decides is what CUE decides.
func TestQuickLook(t *testing.T) {
	got := map[string]any{"s": "web-1", "n": int64(3), "f": 0.5, "b": true, "m": map[string]any{"s": "x", "t": "x"}, "l": []any{"a"}}
	for src, known := range map[string]bool{
		`s: "web-1"`: true, `s: "web"`: true, `s: =~"^web"`: true, `s: !~"^web"`: true, `s: !="x"`: true, `s: string`: true,
		`s: "a" | "web-1"`: true, `s: =~"web" & !="web-1"`: true, `s: *"web-1" | string`: true, `s: 3`: false, `s: "\(n)", n: int`: false,
		`n: 3`: true, `n: 3.0`: true, `n: >2 & <=3`: true, `n: >=4`: true, `n: int`: true, `n: number`: false, `n: >2.5`: false, `n: "3"`: false,
		`f: 0.5`: false, `f: <1`: false, `f: int`: false, `b: true`: true, `b: false`: true, `b: bool`: false, `b: "true"`: false,
		`m: {s: "x", t: "x"}`: true, `m: {s: string, t: s}`: false, `m: {s: "x" | "y", t: s}`: false, `m: s: {}`: false, `m: "x"`: false,
		`m: {s: t, t: "x"}`: false, `m: {s: t, t: "y"}`: true, `l: ["a"]`: false, `none: _`: true, `m: [string]: "x"`: true, `m: [string]: string`: true, `m: [=~"s"]: "x"`: false, `m: [string]: "y"`: true, `m: [string]: int`: false, `none: [string]: "x"`: true, `none?: _|_`: false, `s: _`: false,
	} {
		v, err := value(t, src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		c, err := want.New(v)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		met, ok := c.Look(got)
		if ok != known {
			t.Errorf("%s: known is %v", src, ok)
		}
		if cue := len(c.Whole().Compare(got)) == 0; ok && met != cue || c.Met(got) != cue {
			t.Errorf("%s: looks met: %v, is met: %v, to CUE: %v", src, met, c.Met(got), cue)
		}
	}
}

func FuzzCompare(f *testing.F) {
	for _, tt := range verdicts[:20] {
		f.Add(tt.want, objects[tt.object])
	}
	f.Add(`spec: a: 1.0`, `{"kind":"X","apiVersion":"y/v1","spec":{"a":1}}`)
	f.Add("a: {b: c: d}\n", `{"kind":"X","apiVersion":"y/v1","a":[null,{"b":[]}]}`)
	f.Fuzz(func(t *testing.T, src, obj string) {
		if len(src) > 200 || strings.Contains(src, "**") {
			t.Skip()
		}
		u := &unstructured.Unstructured{}
		if u.UnmarshalJSON([]byte(obj)) != nil {
			u = object(t, objects["pod"])
		}
		got, err := view.Of(u)
		if err != nil {
			t.Skip()
		}
		v, err := value(t, src)
		if err != nil {
			t.Skip()
		}
		want.Lint(v, view.ShapeOf(object(t, objects["pod"]).GroupVersionKind()))
		c, err := want.New(v)
		if err != nil {
			t.Skip()
		}
		mm := c.Compare(got)
		for _, m := range mm {
			_ = m.String()
		}
		if met := c.Met(got); met != (len(mm) == 0) {
			t.Errorf("%s: met is %v, and %v", src, met, mm)
		}
		if whole := c.Whole().Compare(got); (len(mm) == 0) != (len(whole) == 0) {
			t.Errorf("%s: with the fields that it names %v, with all %v", src, mm, whole)
		}
	})
}

func FuzzEveryLeafCounts(f *testing.F) {
	for _, o := range objects {
		b, _ := json.Marshal(object(f, o).Object)
		f.Add(string(b))
	}
	f.Add(`{"kind":"X","apiVersion":"y/v1","a":{"_b":1,"#c":{"":2}},"$":[1.5,{"x":"\u0000\ud800"}]}`)
	f.Fuzz(func(t *testing.T, obj string) {
		u := &unstructured.Unstructured{}
		if len(obj) > 2000 || u.UnmarshalJSON([]byte(obj)) != nil {
			t.Skip()
		}
		v, err := view.Of(u)
		if err != nil {
			t.Skip()
		}
		src := asWant(v)
		lv, err := value(t, src)
		if err != nil {
			t.Skip() // such as a literal that is out of CUE's range
		}
		c, err := want.New(lv)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if got := c.Compare(v); len(got) > 0 {
			t.Fatalf("%s: %v", src, got)
		}
		n := 0
		leaves(v, "", func(path string, lacking any) {
			if n++; n > 30 {
				return
			}
			if len(c.Compare(lacking.(map[string]any))) == 0 {
				t.Errorf("%s passes without %s", src, path)
			}
		})
	})
}

const sixLeaves = `metadata: labels: app: "web", spec: containers: web: {image: %q, resources: limits: memory: <=256Mi, ports: "8080": _}, status: {phase: %q, conditions: Ready: status: "False"}`

func BenchmarkView(b *testing.B) {
	obj := object(b, objects["pod"])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := view.Of(obj); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkComparePass(b *testing.B) { benchmark(b, "nginx:1.27", "Running", 0) }
func BenchmarkCompareFail(b *testing.B) { benchmark(b, "nginx:1.26", "Failed", 2) }

func benchmark(b *testing.B, image, phase string, mismatches int) {
	v, c := viewOf(b, "pod"), constraint(b, fmt.Sprintf(sixLeaves, image, phase))
	b.ReportAllocs()
	for b.Loop() {
		if got := c.Compare(v); len(got) != mismatches {
			b.Fatal(got)
		}
	}
}
