package labtest

import (
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cluster/tap"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner/labtest/mutant"
)

// A mutant is tried once its own deed has been met, and by no other.
func TestMeets(t *testing.T) {
	pods, maps := schema.GroupVersionResource{Version: "v1", Resource: "pods"}, schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	named := func(name string) map[string]any { return map[string]any{"metadata": map[string]any{"name": name}} }
	made := tried{Mutant: mutant.Mutant{Deed: mutant.Deed{Method: http.MethodPost, Resource: pods, Name: "web"}}}
	gone := tried{Mutant: mutant.Mutant{Deed: mutant.Deed{Method: http.MethodDelete, Resource: pods, Name: "web-*"}, Op: mutant.Keep}}
	for _, c := range []struct {
		name    string
		mutant  tried
		request tap.Request
		want    bool
	}{
		{"it", made, tap.Request{Method: http.MethodPost, Resource: pods, Body: named("web")}, true},
		{"another object", made, tap.Request{Method: http.MethodPost, Resource: pods, Body: named("web-b")}, false},
		{"another kind", made, tap.Request{Method: http.MethodPost, Resource: maps, Body: named("web")}, false},
		{"another deed", made, tap.Request{Method: http.MethodDelete, Resource: pods, Name: "web"}, false},
		{"no object", made, tap.Request{Method: http.MethodPost, Resource: pods}, false},
		{"a name made up", gone, tap.Request{Method: http.MethodDelete, Resource: pods, Name: "web-x7k"}, true},
		{"another name", gone, tap.Request{Method: http.MethodDelete, Resource: pods, Name: "db-x7k"}, false},
	} {
		if got := c.mutant.meets(&c.request); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A Pod that is made again with another policy is not asked about as the first was.
func TestSent(t *testing.T) {
	pod := func(spec map[string]any) mutant.Deed {
		return mutant.Deed{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Name: "retry", Body: map[string]any{"spec": spec}}
	}
	first, second := pod(map[string]any{}), pod(map[string]any{"restartPolicy": "OnFailure"})
	if sent(first) == sent(second) {
		t.Error("two that differ are one")
	}
	if again := pod(map[string]any{"restartPolicy": "OnFailure"}); sent(second) != sent(again) {
		t.Error("one that is sent again is another")
	}
}

func TestOutcome(t *testing.T) {
	x := tried{Mutant: mutant.Mutant{Deed: mutant.Deed{Kind: schema.GroupVersionKind{Kind: "Pod"}, Name: "web"}, Op: mutant.Omit}}
	for _, c := range []struct {
		listed    bool
		fate      Fate
		how       string
		want      Fate
		complains bool
	}{
		{false, Caught, "record", Caught, false},
		{false, Survived, "cluster", Survived, true},
		{true, Survived, "cluster", Listed, false},
		{true, Caught, "record", Caught, true},
		{true, Caught, "cluster", Caught, false}, // maybe for want of time
		{true, Refused, "", Refused, true},
		{true, Same, "", Same, true},
		{true, Unplayed, "", Unplayed, false},
	} {
		p := &Proof{Case: Case{Lab: &lab.Lab{}}, lab: &lab.Lab{}}
		if c.listed {
			p.Lab.Survivors = map[string]string{"Pod/web: omit": "so"}
		}
		if m := p.outcome(x, c.fate, "a", c.how); m.Fate != c.want || m.OK() == c.complains {
			t.Errorf("listed %v, %s on the %s: %s, %q", c.listed, c.fate, c.how, m.Fate, m.Why)
		}
	}
}

func TestNameOfAPodOfADeployment(t *testing.T) {
	p := &Proof{lab: &lab.Lab{}}
	for name, want := range map[string]string{
		"till-86c78b66cd-*": "Pod/till-HASH-*: keep",
		"till-*":            "Pod/till-*: keep",
		"till-86c78b66cd":   "Pod/till-86c78b66cd: keep",
	} {
		x := tried{Mutant: mutant.Mutant{Deed: mutant.Deed{Kind: schema.GroupVersionKind{Kind: "Pod"}, Name: name}, Op: mutant.Keep}}
		if got := p.name(x); got != want {
			t.Errorf("%s is called %s, not %s", name, got, want)
		}
	}
}

// Of two Pods of one name the mutant is the one that the solution made. That the other,
// which podlab had prepared, is not made anew is seen on the record.
func TestRewriteLeavesWhatWasPrepared(t *testing.T) {
	state := func(kind timeline.Kind, uid string) timeline.Entry {
		return timeline.Entry{Kind: kind, Object: []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","uid":"` + uid + `"},"spec":{"nodeName":"n"}}`)}
	}
	record := []timeline.Entry{state(timeline.Object, "prepared"), state(timeline.Deleted, "prepared"), state(timeline.Object, "own")}
	made := map[string]bool{"own": true}
	deed := mutant.Deed{Method: http.MethodPost, Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Name: "web", Body: map[string]any{"spec": map[string]any{"nodeName": "n"}}}
	for _, m := range mutant.Of(nil, []mutant.Deed{deed}) {
		got, err := tried{Mutant: m}.rewrite(record, 0, made)
		if err != nil {
			t.Fatal(err)
		}
		if m.Op == mutant.Omit {
			if len(got) != 2 || string(got[1].Object) != string(record[1].Object) {
				t.Errorf("%s: %d entries", m, len(got))
			}
			continue
		}
		if len(got) != 3 || string(got[0].Object) != string(record[0].Object) || string(got[2].Object) == string(record[2].Object) {
			t.Errorf("%s: %+v", m, got)
		}
	}
}
