package labtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/tap"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/labtest/mutant"
	"podlab.dev/podlab/runner/plain"
)

// Proof is a solution that was played and held: what it asked of the API server,
// what was recorded, and what the server would have made of its mutants.
type Proof struct {
	Case
	lab     *lab.Lab // with the params of the session
	record  *timeline.Bundle
	pace    *runner.Pace
	mutants []tried
	made    map[string]bool // UIDs of the objects that the solution itself made

	// starts are the pages from which on the solution holds, without what comes before
	// them.
	starts map[string]bool
}

// tried is a mutant, and what the API server says to it.
type tried struct {
	mutant.Mutant
	refused []error // by variant; nil for one that it takes
	same    bool    // it makes the same of it
	filled  any     // what it fills in where the field is left out; nil for nothing
}

func (p *Proof) same(o *Proof) bool { return p.Lab.ID == o.Lab.ID && p.Answer == o.Answer }

// prove plays a solution through a tap.
func (c Config) prove(ctx context.Context, x Case, s *runner.Session, a *runner.Answer, patience plain.Patience, screen io.Writer) (grader.Report, *Proof, error) {
	d := &deeds{page: s.Step().ID}
	a.Pace = runner.NewPace()
	turning := a.Turning
	a.Turning = func(s lab.Step) {
		turning(s)
		d.turn(s.ID)
	}
	r, err := c.through(ctx, s, a, patience, screen, tap.Hooks{Seen: d.seen})
	if err != nil || !r.Passed {
		return r, nil, err
	}
	p := &Proof{Case: x, lab: s.Lab, pace: a.Pace, made: d.made()}
	record, err := s.Evidence("")
	if err != nil {
		return r, nil, err
	}
	p.record = &record
	cfg, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
	if err != nil {
		return r, nil, fmt.Errorf("read the session's kubeconfig: %w", err)
	}
	p.mutants, err = consider(ctx, cfg, mutant.Of(s.Lab.Kinds, d.of(record.Timeline, s.State.Namespace)))
	return r, p, err
}

// size is how many bytes its evidence bundle has.
func (p *Proof) size() (int, error) {
	if p == nil {
		return 0, nil
	}
	var file bytes.Buffer
	err := timeline.WriteBundle(&file, p.record.Header, p.record.Timeline)
	return file.Len(), err
}

// through plays an answer whose kubectl talks to a tap.
func (c Config) through(ctx context.Context, s *runner.Session, a *runner.Answer, patience plain.Patience, screen io.Writer, hooks tap.Hooks) (grader.Report, error) {
	var t *tap.Tap
	defer func() {
		if t != nil {
			_ = t.Close() // nobody is left who could use it
		}
	}()
	up := func(ctx context.Context, s *runner.Session, _ func(cluster.Event)) (fresh bool, err error) {
		if fresh, err = s.Attach(ctx, c.Cluster); err != nil {
			return false, err
		}
		cfg, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
		if err != nil {
			return false, fmt.Errorf("read the session's kubeconfig: %w", err)
		}
		if t, err = tap.Listen(cfg, hooks); err != nil {
			return false, err
		}
		path := filepath.Join(filepath.Dir(s.Kubeconfig()), "kubeconfig.tap")
		s.Through(path)
		return fresh, t.Kubeconfig(path, s.State.Namespace)
	}
	return plain.New(screen, io.Discard, plain.Look{}).Demo(ctx, s, a, c.Podlab, patience, up)
}

// deeds collects what an answer has the API server do.
type deeds struct {
	mu   sync.Mutex
	page string
	done []mutant.Deed
	uids []types.UID // of what was made
}

func (d *deeds) turn(page string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.page = page
}

func (d *deeds) seen(q tap.Request, made *unstructured.Unstructured) {
	x := mutant.Deed{Method: q.Method, Resource: q.Resource, Namespace: q.Namespace, Name: q.Name, Command: q.Command, Body: q.Body}
	if made != nil {
		x.Kind, x.Name = made.GroupVersionKind(), made.GetName()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	x.Page = d.page
	d.done = append(d.done, x)
	if made != nil && q.Method == http.MethodPost {
		d.uids = append(d.uids, made.GetUID())
	}
}

// made are the UIDs of what the answer made.
func (d *deeds) made() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]bool{}
	for _, uid := range d.uids {
		out[string(uid)] = true
	}
	return out
}

// of are the deeds whose kind is known, if only from the record: not every object
// is answered with when it is deleted. One that was deleted under a name that
// somebody made up has another name the next time. What is done to the session's own
// namespace no check can be about.
func (d *deeds) of(record []timeline.Entry, namespace string) (out []mutant.Deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kinds := map[schema.GroupVersionResource]schema.GroupVersionKind{}
	made := map[string]string{}
	for _, e := range record {
		if e.Kind == timeline.Object {
			h := head(e)
			kind := h.GroupVersionKind()
			made[kind.Kind+"/"+h.Name] = h.GenerateName
			resource, _ := meta.UnsafeGuessKindToResource(kind)
			kinds[resource] = kind
		}
	}
	for _, x := range d.done {
		if x.Kind.Empty() {
			x.Kind = kinds[x.Resource]
		}
		if prefix := made[x.Kind.Kind+"/"+x.Name]; prefix != "" && x.Method == http.MethodDelete {
			x.Name = prefix + "*"
		}
		if own := x.Kind.Kind == "Namespace" && x.Name == namespace; !x.Kind.Empty() && x.Name != "" && !own {
			out = append(out, x)
		}
	}
	return out
}

// head is what an entry says of its object without the rest.
func head(e timeline.Entry) *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	_ = json.Unmarshal(e.Object, m) // nothing, of what the recorder did not write
	return m
}

// dryRun asks an API server what it would make of an object, and has it make
// nothing.
type dryRun struct {
	client dynamic.Interface
	whole  map[string]map[string]any // what it makes of deeds as they are, by sent; nil where it cannot say
	// unasked are the fields that it fills in with what the solution says anyway:
	// no solution needs to, so that no lesson need ask for them.
	unasked map[string]bool
}

// consider asks about each mutant of a new object.
func consider(ctx context.Context, cfg *rest.Config, mutants []mutant.Mutant) ([]tried, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS, cfg.Burst = 100, 200
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	d := dryRun{client, map[string]map[string]any{}, map[string]bool{}}
	out := make([]tried, len(mutants))
	for i, m := range mutants {
		out[i] = tried{Mutant: m, refused: make([]error, m.Variants)}
		if m.Deed.Method == http.MethodPost && len(m.Path) > 0 {
			d.consider(ctx, &out[i])
		}
	}
	return out, ctx.Err()
}

func (d *dryRun) consider(ctx context.Context, t *tried) {
	id := sent(t.Deed)
	whole, known := d.whole[id]
	if !known {
		whole, _ = d.make(ctx, t.Deed, t.Deed.Body)
		d.whole[id] = whole
	}
	if whole == nil {
		return // of its mutants, too, it would say nothing that tells them apart
	}
	before, _ := t.At(whole)
	if d.unasked[id+strings.Join(t.Path, ".")] {
		t.same = true
		return
	}
	for v := range t.refused {
		body := runtime.DeepCopyJSON(t.Deed.Body)
		t.Change(body, v)
		var made map[string]any
		if made, t.refused[v] = d.make(ctx, t.Deed, body); made == nil {
			continue
		}
		after, ok := t.At(made)
		t.same = t.same || ok && reflect.DeepEqual(before, after)
		if t.Op == mutant.Drop {
			t.filled = after
			d.unasked[id+strings.Join(t.Path, ".")] = t.same
		}
	}
}

// sent tells apart what a solution asked for. An object that it makes twice is another
// one the second time: what the API server fills in for the first says nothing about
// what the second one asks for.
func sent(d mutant.Deed) string {
	body, _ := json.Marshal(d.Body) // it came as JSON
	return d.Kind.String() + "/" + d.Name + " " + string(body)
}

func (d *dryRun) make(ctx context.Context, deed mutant.Deed, body map[string]any) (map[string]any, error) {
	o := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(body)}
	o.SetName(deed.Name + "-mutant") // the solution's own may still be there
	to := dynamic.ResourceInterface(d.client.Resource(deed.Resource))
	if deed.Namespace != "" {
		to = d.client.Resource(deed.Resource).Namespace(deed.Namespace)
	}
	made, err := to.Create(ctx, o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return nil, err
	}
	return made.Object, nil
}
