package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"podlab.dev/podlab/cue/lab"
)

// hostile are lab.cue files that mean harm, with what is said of them. In what
// CheckSource lets pass, the evaluation has to be stopped, or does no harm.
func hostile() map[string]struct{ src, want string } {
	const atOnce, only, nested, operators = "can fill any memory at once", "a package can only be called", "nested deeper than 200", "more than 1000 operators"
	double := func(first, next string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "_a0: %s\n", first)
		for i := range 40 {
			fmt.Fprintf(&b, "_a%d: %s\n", i+1, strings.ReplaceAll(next, "@", fmt.Sprintf("_a%d", i)))
		}
		return b.String()
	}
	text := func(n int) string { return "_s: \"" + strings.Repeat("x", n) + "\"\n" }
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	const bigList = "_l: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
	return map[string]struct{ src, want string }{
		// Exploding.
		"structs, forced":   {"import \"encoding/json\"\n" + double("{x: 1}", "{p: @, q: @}") + "title: json.Marshal(_a40)\n", "to evaluate"},
		"structs, in words": {double("{x: 1}", "{p: @, q: @}") + "title: \"\\(_a40)\"\n", "invalid interpolation"},
		"structs, as needs": {double("{x: 1}", "{p: @, q: @}") + "needs: _a40\n", "there is no field"},
		"text":              {double("\"xxxxxxxx\"", "@ + @") + "title: _a40\n", "needs more than 1 GiB of memory to evaluate"},
		"text within text":  {double("\"xxxxxxxx\"", "\"\\(@)\\(@)\"") + "title: _a40\n", "needs more than 1 GiB of memory to evaluate"},
		"calls":             {double("{a: int, r: a}", "{a: int, r: (@ & {a: 1}).r + (@ & {a: 2}).r}") + "minutes: (_a40 & {a: 1}).r\n", "takes more than 2 s to evaluate"},
		"clauses":           {bigList + "topics: [for a in _l for b in _l for c in _l for d in _l for e in _l for f in _l for g in _l for h in _l {\"x\"}]\n", "to evaluate"},
		"range":             {"import \"list\"\ntopics: list.Range(0, 2000000000, 1)\n", "to evaluate"},
		"alternatives":      {"_d: " + many(19, "({a: 1} | {b: 2} | {c: 3}) & ") + "{d: 4}\nminutes: _d.a\n", ""},
		"yaml":              {"import \"encoding/yaml\"\ntitle: \"\\(yaml.Unmarshal(_y))\"\n_y: \"\"\"\n\ta: &a [x,x,x,x,x,x,x,x,x]\n\tb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\tc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\td: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\te: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n\tf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\tg: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n\th: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n\ti: [*h,*h,*h,*h,*h,*h,*h,*h,*h]\n\t\"\"\"\n", ""},

		// Without end.
		"definition":       {"#A: {b: #A}\n_a: #A\ntitle: \"\\(_a.b.b.b)\"\n", ""},
		"function":         {"#F: {n: int, out: (#F & {\"n\": n + 1}).out}\ntitle: (#F & {n: 1}).out\n", "structural cycle"},
		"list":             {"_L: {n: int, next: [_L & {n: 1}]}\nminutes: (_L & {n: 1}).next[0].n\n", ""},
		"itself":           {"title: title + \"x\"\n", ""},
		"regexp":           {"title: =~\"((a{1000}){1000}){1000}\"\n", ""},
		"two of one other": {"_x: _y + 1, _y: _x - 1, minutes: _x\n", ""},

		// Memory at once.
		"repeat":         {"import \"strings\"\ntitle: strings.Repeat(strings.Repeat(\"x\", 1000000), 1000000)\n", "strings.Repeat: it " + atOnce},
		"renamed":        {"import s \"strings\"\ntitle: s.Repeat(\"x\", 1000000)\n", atOnce},
		"named in path":  {"import \"strings:strings\"\ntitle: strings.Repeat(\"x\", 1000000)\n", atOnce},
		"quoted":         {"import \"strings\"\ntitle: strings.\"Repeat\"(\"x\", 1000000)\n", atOnce},
		"indexed":        {"import \"strings\"\ntitle: strings[\"Repeat\"](\"x\", 1000000)\n", only},
		"by another way": {"import \"strings\"\n_f: strings\ntitle: _f.Repeat(_f.Repeat(\"x\", 999999), 999999)\n", only},
		"by let":         {"import \"strings\"\nlet f = strings\ntitle: f.Repeat(f.Repeat(\"x\", 999999), 999999)\n", only},
		"by field":       {"import \"strings\"\n_f: {strings}\ntitle: _f.Repeat(_f.Repeat(\"x\", 999999), 999999)\n", only},
		"in parentheses": {"import \"strings\"\ntitle: (strings).Repeat((strings).Repeat(\"x\", 999999), 999999)\n", only},
		"function alone": {"import \"strings\"\n_f: strings.Repeat\ntitle: _f(_f(\"x\", 999999), 999999)\n", atOnce},
		"replace":        {"import \"strings\"\n" + text(120_000) + "title: strings.Replace(_s, \"x\", _s, -1)\n", atOnce},
		"product":        {"title: \"x\"*1000000*1000000\n", "multiply numbers"},
		"products":       {text(200_000) + "title: _s*1000000\n", "multiply numbers"},
		"bits":           {"import \"math/bits\"\nminutes: bits.Lsh(1, 100000000000000)\n", "a lab cannot import \"math/bits\""},
		"repeated list":  {"import \"list\"\ntopics: list.Repeat(list.Repeat([\"x\"], 1000000), 1000000)\n", atOnce},
		"replace all":    {"import \"regexp\"\n" + text(120_000) + "title: regexp.ReplaceAll(\"x\", _s, _s)\n", "to evaluate"},

		// Numbers.
		"huge number":   {"minutes: 1e1000000000\n", ""},
		"huger number":  {"minutes: 1e99999999999999999999\n", ""},
		"huge sum":      {"minutes: 1e900000000 + 1e-900000000\n", ""},
		"huge product":  {"minutes: 1e900000000*1e900000000\n", ""},
		"huge text":     {"title: \"\\(1e1000000000)\"\n", ""},
		"huge floor":    {"import \"math\"\nminutes: math.Floor(1e900000000)\n", ""},
		"huge compared": {"minutes: int & <1e900000000 & >-1e900000000\n", ""},
		"huge equal":    {"_b: 1e900000000 == 1e900000001, minutes: [if _b {1}, 2][0]\n", ""},
		"huge integer":  {"minutes: " + many(200_000, "9") + "\n", ""},
		"power":         {"import \"math\"\nminutes: math.Pow(10, 1000000000)\n", atOnce},
		"binary units":  {"minutes: 1Ei" + many(900, "*1Ei") + "\n", ""},

		// Deep.
		"braces":         {"_a: " + many(100_000, "{b: ") + "1" + many(100_000, "}"), "at most 256 KiB are read"},
		"fewer braces":   {"_a: " + many(40_000, "{b: ") + "1" + many(40_000, "}"), nested},
		"fields":         {many(100_000, "b:") + "1", nested},
		"patterns":       {many(50_000, "[_]:") + "1", nested},
		"brackets":       {"_a: " + many(100_000, "[") + many(100_000, "]"), nested},
		"parentheses":    {"_a: " + many(100_000, "(") + "1" + many(100_000, ")"), nested},
		"interpolations": {"_a: " + many(40_000, "\"\\(") + "1" + many(40_000, ")\""), nested},
		"hidden in text": {"_a: \"\\(1)" + "\\(" + many(40_000, "\"\\(") + "1" + many(40_000, ")\"") + ")\"", nested},
		"operators":      {"_a: 1" + many(100_000, "+1"), operators},
		"unary":          {"_a: " + many(100_000, "-") + "1", operators},
		"selectors":      {"_a: b" + many(100_000, ".a"), operators},
		"indices":        {"_a: b" + many(60_000, "[0]"), operators},
		"calls of calls": {"_a: b" + many(60_000, "()"), operators},
		"alternated":     {"_a: 1" + many(60_000, "|*1"), operators},
		"ifs":            {"_a: [" + many(30_000, "if true ") + "{1}]", operators},
		"unclosed":       {many(60_000, "b:{"), nested},
		"unclosed text":  {"_a: \"\\(\"" + many(60_000, "b:{"), ""},
		"wrong brackets": {"_a: ([)]" + many(60_000, "b:"), ""},

		// Out of the lab.
		"file":       {"@extern(embed)\npackage x\ntitle: _ @embed(file=/etc/passwd,type=text)\n", ""},
		"command":    {"import \"tool/exec\"\ntitle: exec.Run\n", "a lab cannot import \"tool/exec\""},
		"module":     {"import \"example.com/x\"\ntitle: x.y\n", "a lab cannot import \"example.com/x\""},
		"relative":   {"import \"../x\"\ntitle: x.y\n", "a lab cannot import \"../x\""},
		"template":   {"import \"text/template\"\ntitle: template.Execute(\"\", {})\n", "a lab cannot import"},
		"mistakes":   {"mistakes: \"../../x\": {fails: \"c\", belief: \"b\"}\n", ""},
		"step":       {"steps: [{id: \"../../x\", checks: []}]\n", ""},
		"not CUE":    {"\x00\xff\xfe{{{", ""},
		"all quotes": {many(80_000, "\"\"\""), ""},
	}
}

// TestHostileSource loads each in a process of its own: what was given up runs on.
func TestHostileSource(t *testing.T) {
	if name := os.Getenv("PODLAB_TEST_HOSTILE"); name != "" {
		src := hostile()[name].src
		err := CheckSource("lab.cue", []byte(src))
		patience := 2 * time.Second
		if strings.Contains(hostile()[name].want, "of memory") {
			patience = time.Minute
		}
		if err == nil {
			err = limits{patience, evaluation.heap, evaluation.stack}.run("lab.cue", func() error {
				_, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(src)}}, "x")
				return err
			})
		}
		if err == nil {
			t.Fatal("it loads")
		}
		var found *PanicError
		json.NewEncoder(os.Stderr).Encode(map[string]any{"err": err.Error(), "panic": errors.As(err, &found)}) //nolint:errcheck // the parent sees it
		os.Exit(0)
	}
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestHostileSource$")
			cmd.Env = append(os.Environ(), "PODLAB_TEST_HOSTILE="+name)
			before := time.Now()
			out, err := cmd.CombinedOutput()
			var got struct {
				Err   string
				Panic bool
			}
			if jsonErr := json.Unmarshal(out, &got); err != nil || jsonErr != nil {
				t.Fatalf("%v: %.2000s", err, out)
			}
			if !strings.Contains(got.Err, test.want) || got.Panic {
				t.Errorf("panic %v: %.500s", got.Panic, got.Err)
			}
			t.Logf("%.2f s: %.150s", time.Since(before).Seconds(), got.Err)
		})
	}
}

// What authors write passes.
func TestSoundSource(t *testing.T) {
	for _, src := range []string{
		sound,
		"import \"list\"\nimport \"strings\"\n_m: 2*60*-1, a: \"\\(_m) \\(\"x\\(_m)\") (\", b: strings.HasPrefix(\"a\"), c: list.MatchN(>=1, {a: 1}), d: *1 | int\n",
		"a: #\"\\#(\"x\")\"#, b: \"\"\"\n\t\\(1) { ( [\n\t\"\"\", c: '\\(1)'\n// {{{ \n@attr(x={[)\n",
		strings.Repeat("a: {b: {c: [1, 2, (3)]}}\n", 5000),
		"a: [" + strings.Repeat("{a: b: c: 1}, ", 5000) + "]\n",
	} {
		if err := CheckSource("lab.cue", []byte(src)); err != nil {
			t.Errorf("%.100q: %v", src, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	err := CheckSource("pods/lab.cue", []byte("import \"strings\"\ntitle: \"a\"\nsummary:\n\tstrings.Repeat(\"x\", 3)\n"))
	if want := "pods/lab.cue:4:2: a lab cannot use strings.Repeat: it can fill any memory at once"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestBounded(t *testing.T) {
	tests := []struct {
		limits limits
		load   func() error
		want   string
	}{
		{evaluation, func() error { return nil }, ""},
		{evaluation, func() error { return errors.New("as it is") }, "as it is"},
		{evaluation, func() error { panic("oh") }, "x makes CUE panic: oh"},
		{limits{time: 10 * time.Millisecond, heap: 1 << 30, stack: 1 << 30}, func() error { select {} }, "x takes more than 0.01 s to evaluate"},
		{limits{time: time.Minute, heap: 64 << 20, stack: 1 << 30}, func() error {
			held := make([]byte, 128<<20)
			time.Sleep(time.Second)
			return fmt.Errorf("held %d", held[len(held)-1])
		}, "x needs more than 64 MiB of memory to evaluate"},
		{limits{time: time.Minute, heap: 1 << 30, stack: 16 << 20}, func() error {
			var deeper func(int) int
			deeper = func(n int) int {
				if n == 0 {
					time.Sleep(time.Second)
					return 0
				}
				return deeper(n-1) + 1
			}
			return fmt.Errorf("came %d deep", deeper(1<<20))
		}, "x needs more than 16 MiB of memory to evaluate"},
	}
	for _, test := range tests {
		runtime.GC() // growth is measured from here: what other tests left would hide it
		got := ""
		if err := test.limits.run("x", test.load); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
}

// What passes can be parsed: quickly, without a panic, and not deep.
func FuzzCheckSource(f *testing.F) {
	f.Add([]byte(sound))
	for _, h := range hostile() {
		if len(h.src) < 2000 {
			f.Add([]byte(h.src))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if CheckSource("lab.cue", src) != nil {
			return
		}
		file, err := parser.ParseFile("lab.cue", src)
		if err != nil {
			return
		}
		depth, deepest := 0, 0
		ast.Walk(file, func(ast.Node) bool {
			depth++
			deepest = max(deepest, depth)
			return true
		}, func(ast.Node) { depth-- })
		if deepest > 4*(maxNesting+maxOperators) {
			t.Errorf("%d deep", deepest)
		}
	})
}
