package lab

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

//go:embed schema.cue
var schemaSource []byte

const source = "lab.cue"

// Load reads and checks the lab in fsys. dir is how the user named the folder;
// its last element is the lab's ID and messages begin with it.
//
// The error is an [Errors] with all that was found in this run. CUE checks in
// layers: conflicts can hide unknown fields, and unknown fields missing ones, so
// a second run may find more.
func Load(fsys fs.FS, dir string) (*Lab, error) {
	s, err := Inspect(fsys, dir)
	if err != nil {
		return nil, err
	}
	if len(s.Errors) > 0 {
		return nil, s.Errors
	}
	if s.Lab.Digest, err = digest(fsys); err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return s.Lab, nil
}

// eachWant calls fn for every field of the file that holds constraints.
func eachWant(f *ast.File, fn func(*ast.Field)) {
	ast.Walk(f, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok {
			if name, _, err := ast.LabelName(field.Label); err == nil && (name == "want" || name == "seen") {
				fn(field)
				return false
			}
		}
		return true
	}, nil)
}

// blank keeps the shape of a want (a struct, or a list of structs) without its
// constraints.
func blank(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.ListLit:
		out := &ast.ListLit{Lbrack: e.Lbrack, Rbrack: e.Rbrack}
		for _, x := range e.Elts {
			out.Elts = append(out.Elts, blank(x))
		}
		return out
	case *ast.BasicLit:
		return e // a scalar is never a want: let the schema say so
	}
	s := ast.NewStruct()
	ast.SetPos(s, e.Pos())
	return s
}

type decoder struct {
	*report
	data, wants cue.Value
	file        string
}

// raw mirrors #Lab for decoding; [Lab] is what comes out after the checks that
// CUE cannot make.
type raw struct {
	Title    string             `json:"title"`
	Summary  string             `json:"summary"`
	Level    string             `json:"level"`
	Minutes  int                `json:"minutes"`
	Topics   []string           `json:"topics"`
	Needs    Needs              `json:"needs"`
	Mistakes map[string]Mistake `json:"mistakes"`
	Steps    []struct {
		ID     string     `json:"id"`
		Checks []rawCheck `json:"checks"`
	} `json:"steps"`
}

type rawCheck struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Points int      `json:"points"`
	Needs  []string `json:"needs"`
	Holds  string   `json:"holds"`
	Why    string   `json:"why"`
	Next   string   `json:"next"`
	Hints  []string `json:"hints"`
	Object *struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Name       string `json:"name"`
	} `json:"object"`
	Logs *struct {
		Pod       string `json:"pod"`
		Container string `json:"container"`
		Match     string `json:"match"`
	} `json:"logs"`
	Exec *struct {
		Pod       string   `json:"pod"`
		Container string   `json:"container"`
		Command   []string `json:"command"`
	} `json:"exec"`
	Gone bool `json:"gone"`
}

func (d *decoder) lab(l *Lab) {
	var in raw
	if err := d.data.Decode(&in); err != nil {
		d.report.cue(err, d.file, cue.Value{})
		return
	}
	l.Title, l.Summary, l.Level, l.Minutes = in.Title, in.Summary, in.Level, in.Minutes
	l.Topics, l.Needs, l.Mistakes = in.Topics, in.Needs, in.Mistakes

	ids := map[string]string{} // id → path of the step or check that has it
	own := func(what, id, path string) {
		if first, ok := ids[what+id]; ok {
			d.add(d.pos(path+".id"), path+".id", "the id %q is taken by %s", id, first)
		}
		ids[what+id] = path
	}
	for i, s := range in.Steps {
		p := fmt.Sprintf("steps[%d]", i)
		own("step ", s.ID, p)
		step := Step{ID: s.ID, File: fmt.Sprintf("%02d-%s.md", i+1, s.ID)}
		lesson, err := fs.ReadFile(l.FS, step.File)
		if err != nil {
			d.add(d.pos(p+".id"), p, "its lesson %s is missing", step.File)
		}
		step.Lesson = lesson
		for j, c := range s.Checks {
			cp := fmt.Sprintf("%s.checks[%d]", p, j)
			own("check ", c.ID, cp)
			step.Checks = append(step.Checks, d.check(c, cp))
		}
		l.Steps = append(l.Steps, step)
	}
	d.needs(l)
	for name, m := range l.Mistakes {
		if _, ok := ids["check "+m.Fails]; !ok {
			d.add(d.pos("mistakes."+name+".fails"), "mistakes."+name+".fails", "%s", d.unknown(m.Fails, l))
		}
	}
}

func (d *decoder) check(in rawCheck, p string) Check {
	c := Check{
		ID: in.ID, Title: in.Title, Points: in.Points, Needs: in.Needs,
		Why: in.Why, Next: in.Next, Hints: in.Hints, Gone: in.Gone,
	}
	if in.Holds != "" {
		c.Holds, _ = time.ParseDuration(in.Holds) // #Duration is its grammar
	}
	hasWant := d.data.LookupPath(cue.ParsePath(p + ".want")).Exists()
	hasSeen := d.data.LookupPath(cue.ParsePath(p + ".seen")).Exists()
	var t *view.Shape
	switch {
	case count(in.Object != nil, in.Logs != nil, in.Exec != nil) != 1:
		d.add(d.pos(p), p, "a check is about one thing: write one of object, logs and exec")
	case in.Object != nil:
		if count(hasWant, hasSeen, in.Gone) != 1 {
			d.add(d.pos(p), p, "a check of an object has one of want, seen and gone")
		}
		gvk, err := view.Kind(in.Object.APIVersion, in.Object.Kind)
		if err != nil {
			d.add(d.pos(p+".object.kind"), p+".object.kind", "%v", err)
			break
		}
		c.Object = &Object{GVK: gvk, Name: in.Object.Name}
		t = view.ShapeOf(gvk)
	case in.Logs != nil:
		if hasWant || hasSeen || in.Gone {
			d.add(d.pos(p), p, "a check of logs says what it wants in logs.match")
		}
		re, err := regexp.Compile(in.Logs.Match)
		if err != nil {
			d.add(d.pos(p+".logs.match"), p+".logs.match", "%v", err)
		}
		c.Logs = &Logs{Pod: in.Logs.Pod, Container: in.Logs.Container, Match: re}
	case in.Exec != nil:
		if !hasWant || hasSeen || in.Gone {
			d.add(d.pos(p), p, "a check with exec has a want over exitCode, stdout and stderr")
		}
		c.Exec = &Exec{Pod: in.Exec.Pod, Container: in.Exec.Container, Command: in.Exec.Command}
		t = view.ShapeOfExec()
	}
	if c.Holds > 0 && (c.Gone || hasSeen || c.Logs != nil) {
		d.add(d.pos(p+".holds"), p+".holds", "only a want can hold for a time")
	}
	if hasWant {
		w := d.constraint(p+".want", t)
		c.Want = &w
	}
	if hasSeen {
		v := d.data.LookupPath(cue.ParsePath(p + ".seen"))
		n, _ := v.Len().Int64()
		for i := range n {
			c.Seen = append(c.Seen, d.constraint(fmt.Sprintf("%s.seen[%d]", p, i), t))
		}
	}
	return c
}

// constraint is the want at p, which is the zero one if the wants do not build.
func (d *decoder) constraint(p string, t *view.Shape) want.Constraint {
	if !d.wants.Exists() {
		return want.Constraint{}
	}
	v := d.wants.LookupPath(cue.ParsePath(p))
	c, err := want.New(v)
	if err != nil {
		d.report.cue(err, d.file, cue.Value{})
	}
	if t != nil {
		for _, f := range want.Lint(v, t) {
			d.add(f.Pos, p+"."+f.Path, "%s", f.Msg)
		}
	}
	return c
}

// needs checks that every need names a check and that none needs itself.
func (d *decoder) needs(l *Lab) {
	where, byID := map[string]string{}, map[string]*Check{}
	for i := range l.Steps {
		for j := range l.Steps[i].Checks {
			c := &l.Steps[i].Checks[j]
			byID[c.ID], where[c.ID] = c, fmt.Sprintf("steps[%d].checks[%d].needs", i, j)
		}
	}
	const visiting, done = 1, 2
	state := map[string]int{}
	var visit func(c *Check, trail []string)
	visit = func(c *Check, trail []string) {
		trail = append(trail, c.ID)
		switch state[c.ID] {
		case done:
			return
		case visiting:
			d.add(d.pos(where[c.ID]), where[c.ID], "needs go in a circle: %s", strings.Join(trail, " → "))
			return
		}
		state[c.ID] = visiting
		for k, n := range c.Needs {
			if byID[n] == nil {
				p := fmt.Sprintf("%s[%d]", where[c.ID], k)
				d.add(d.pos(p), p, "%s", d.unknown(n, l))
				continue
			}
			visit(byID[n], trail)
		}
		state[c.ID] = done
	}
	for _, c := range l.Checks() {
		visit(c, nil)
	}
}

func (d *decoder) unknown(id string, l *Lab) string {
	var ids []string
	for _, c := range l.Checks() {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		return fmt.Sprintf("no check has the id %q; the lab has no checks", id)
	}
	if near := view.Nearest(id, ids); near != "" {
		return fmt.Sprintf("no check has the id %q; did you mean %q?", id, near)
	}
	return fmt.Sprintf("no check has the id %q; there are %s", id, strings.Join(ids, ", "))
}

// folders finds the solutions and holds the mistakes against their folders.
func (d *decoder) folders(l *Lab) {
	l.Solutions = subfolders(l.FS, "solutions")
	scripts := map[string]bool{}
	for _, s := range l.Steps {
		scripts[s.Script()] = true
	}
	check := func(folder string) {
		entries, _ := fs.ReadDir(l.FS, folder)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".sh") && !scripts[e.Name()] {
				d.report.file(path.Join(folder, e.Name()), "no step is called that; a script is named like its lesson, 01-create.sh")
			}
		}
	}
	for _, s := range l.Solutions {
		check(path.Join("solutions", s))
	}
	found := map[string]bool{}
	for _, m := range subfolders(l.FS, "mistakes") {
		found[m] = true
		check(path.Join("mistakes", m))
		if _, ok := l.Mistakes[m]; !ok {
			d.report.file(path.Join("mistakes", m), "lab.cue does not say under mistakes which check catches this one")
		}
	}
	for m := range l.Mistakes {
		if !found[m] {
			d.add(d.pos("mistakes."+m), "mistakes."+m, "there is no folder mistakes/%s", m)
		}
	}
}

func subfolders(fsys fs.FS, dir string) (names []string) {
	entries, _ := fs.ReadDir(fsys, dir)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}

// pos is where the author wrote path, or its nearest parent.
func (d *decoder) pos(path string) token.Pos {
	for path != "" {
		v := d.data.LookupPath(cue.ParsePath(path))
		for _, p := range positions(v) {
			if p.Filename() == d.file {
				return p
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return token.NoPos
}

// place gives a place to what has none: a missing field has that of its parent.
func (d *decoder) place() {
	for i, e := range d.es {
		if e.Line > 0 || e.Path == "" {
			continue
		}
		d.es[i].File = d.file
		if p := d.pos(e.Path); p.IsValid() {
			d.es[i].Line, d.es[i].Column = p.Line(), p.Column()
		}
	}
}

// positions of a value that was unified with the schema: its own and those of
// its conjuncts.
func positions(v cue.Value) []token.Pos {
	out := []token.Pos{v.Pos()}
	if op, args := v.Expr(); op == cue.AndOp {
		for _, a := range args {
			out = append(out, a.Pos())
		}
	}
	return out
}

func count(bs ...bool) (n int) {
	for _, b := range bs {
		if b {
			n++
		}
	}
	return n
}

func join(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + name
}

// digest covers the names and contents of all files, in lexical order.
func digest(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\n%d\n", p, len(b))
		h.Write(b)
		return nil
	})
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), err
}
