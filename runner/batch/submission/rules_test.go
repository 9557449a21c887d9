package submission

import (
	"bytes"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/labs"
)

// judged is what becomes of one object.
func judged(t *testing.T, l *lab.Lab, rules Rules, text string) (taken int, refusals []class.Refusal) {
	t.Helper()
	work, refusals := open(t, save(t, "web.yaml", []byte(text))).Work(l, rules)
	return len(work.Pages[0].Apply), refusals
}

func TestRules(t *testing.T) {
	const (
		plain      = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: a}]}\n"
		privileged = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: true, volumes: [{name: v, hostPath: {path: /}}], containers: [{name: a, image: a, securityContext: {privileged: true}}]}\n"
		token      = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {serviceAccountName: admin, containers: [{name: a, image: a}]}\n"
		nfs        = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {volumes: [{name: v, nfs: {server: a, path: /}}], containers: [{name: a, image: a}]}\n"
		role       = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\n"
		claim      = "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: web}\nspec: {devices: {}}\n"
		queue      = "apiVersion: labs.example/v1alpha1\nkind: Queue\nmetadata: {name: web}\nspec: {length: 3}\n"
		node       = "apiVersion: v1\nkind: Node\nmetadata: {name: web}\n"
		fake       = "apiVersion: evil.example/v1\nkind: Pod\nmetadata: {name: web}\n"
	)
	tests := []struct {
		name  string
		rules Rules
		text  string
		why   string // empty: it is taken
	}{
		{"restricted is what is meant", Rules{}, plain, `"restricted"`},
		{"also by a word that nobody knows", Rules{Level: "none"}, plain, `"restricted"`},
		{"baseline", Rules{Level: "baseline"}, plain, ""},
		{"baseline keeps the host out", Rules{Level: "baseline"}, privileged, "hostNetwork=true"},
		{"privileged lets it in", Rules{Level: "privileged"}, privileged, ""},
		{"and still gives no rights", Rules{Level: "privileged"}, token, "serviceAccountName"},
		{"nor other volumes", Rules{Level: "baseline"}, nfs, "volumes[v].nfs"},
		{"a kind that the lab allows", Rules{Kinds: []string{"Role"}}, role, ""},
		{"by its group", Rules{Kinds: []string{"Role.rbac.authorization.k8s.io"}}, role, ""},
		{"and no other then", Rules{Kinds: []string{"Role"}, Level: "baseline"}, plain, "may have Role"},
		{"none", Rules{Kinds: []string{}, Level: "baseline"}, plain, "which is not taken"},
		{"in another group", Rules{Kinds: []string{"Pod.evil.example"}, Level: "baseline"}, plain, "which is not taken"},
		{"of another group", Rules{Level: "baseline"}, fake, `has the apiVersion "evil.example/v1", where no Pod is taken from`},
		{"a kind of the cluster, whatever the lab says", Rules{Kinds: []string{"Node", "Namespace", "ClusterRole.rbac.authorization.k8s.io"}}, node, "which is not taken"},
		{"claims", Rules{Kinds: []string{"ResourceClaim"}}, claim, ""},
		{"a kind of the lab's own", Rules{Kinds: []string{"Queue.labs.example"}}, queue, ""},
		{"only if it says so", Rules{}, queue, "which is not taken"},
		{"in a version that it has not", Rules{Kinds: []string{"Queue.labs.example"}}, strings.ReplaceAll(queue, "v1alpha1", "v2"), `there is no kind "Queue" in labs.example/v2`},
		{"a version that is none", Rules{}, strings.ReplaceAll(plain, "apiVersion: v1", "apiVersion: v7"), `there is no kind "Pod" in v7`},
		{"an apiVersion that is none", Rules{}, strings.ReplaceAll(plain, "apiVersion: v1", "apiVersion: a/b/c"), `it is of the form "v1" or "apps/v1"`},
	}
	l := custom(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			taken, refusals := judged(t, l, tt.rules, tt.text)
			switch {
			case tt.why == "" && (taken != 1 || len(refusals) > 0):
				t.Errorf("%d taken, %v", taken, refusals)
			case tt.why != "" && (taken != 0 || len(refusals) != 1 || !strings.Contains(refusals[0].Why, tt.why)):
				t.Errorf("%d taken, %v; want %q", taken, refusals, tt.why)
			}
		})
	}
}

// TestNothingOverlooked puts a Pod and a claim into every place of every kind that
// can be allowed where one fits, and has it found there.
func TestNothingOverlooked(t *testing.T) {
	j := newJudge(shop(t), Rules{Level: "privileged"})
	pods, claims := 0, 0
	for kind, group := range possibleKinds() {
		for _, gv := range scheme.Scheme.VersionsForGroupKind(schema.GroupKind{Group: group, Kind: kind}) {
			if !stable.MatchString(gv.Version) {
				continue
			}
			for target, n := range map[reflect.Type]*int{reflect.TypeFor[corev1.PodSpec](): &pods, reflect.TypeFor[corev1.PersistentVolumeClaimSpec](): &claims} {
				obj, err := scheme.Scheme.New(gv.WithKind(kind))
				if err != nil {
					t.Fatal(err)
				}
				at := plant(reflect.ValueOf(obj).Elem(), target, nil)
				if at == "" {
					continue
				}
				*n++
				why := j.typed(obj)
				if !slices.ContainsFunc(why, func(s string) bool { return strings.Contains(s, "nodeName") || strings.Contains(s, "volumeName") }) {
					t.Errorf("%s of %s: what is in %s is not seen: %q", kind, gv, at, why)
				}
			}
		}
	}
	// Nine kinds run Pods; those, a claim itself and a StatefulSet's have claims.
	if pods != 9 || claims != 10 {
		t.Errorf("%d Pods and %d claims were planted", pods, claims)
	}
}

// plant makes whatever leads to the first place where a target fits, spoils it there,
// and returns where that is.
func plant(v reflect.Value, target reflect.Type, above []reflect.Type) string {
	if slices.Contains(above, v.Type()) || len(above) > 14 {
		return ""
	}
	above = append(above[:len(above):len(above)], v.Type())
	switch {
	case v.Type() == target:
		for _, field := range []string{"NodeName", "VolumeName"} {
			if f := v.FieldByName(field); f.IsValid() {
				f.SetString("x")
			}
		}
		return "it"
	case v.Kind() == reflect.Pointer:
		made := reflect.New(v.Type().Elem())
		if at := plant(made.Elem(), target, above); at != "" {
			v.Set(made)
			return at
		}
	case v.Kind() == reflect.Slice:
		made := reflect.MakeSlice(v.Type(), 1, 1)
		if at := plant(made.Index(0), target, above); at != "" {
			v.Set(made)
			return at
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type.PkgPath() != "k8s.io/apimachinery/pkg/apis/meta/v1" {
				if at := plant(v.Field(i), target, above); at != "" {
					return f.Name + "." + at
				}
			}
		}
	}
	return ""
}

// TestKinds has every default kind possible, and every kind that is possible one that
// Kubernetes has and that has a stable version.
func TestKinds(t *testing.T) {
	possible := possibleKinds()
	for _, kind := range DefaultKinds() {
		if _, ok := possible[kind]; !ok {
			t.Errorf("%s is taken and not possible", kind)
		}
	}
	for kind, group := range possible {
		versions := scheme.Scheme.VersionsForGroupKind(schema.GroupKind{Group: group, Kind: kind})
		if !slices.ContainsFunc(versions, func(gv schema.GroupVersion) bool { return stable.MatchString(gv.Version) }) {
			t.Errorf("%s of %q has the versions %v", kind, group, versions)
		}
	}
}

// TestSolutions takes what honest people write: the manifests in the solutions of the
// built-in labs, at the level that those are done at.
func TestSolutions(t *testing.T) {
	here := regexp.MustCompile(`(?ms)^[^\n]*<<'?END'?\n(.*?)^END$`)
	n := 0
	err := fs.WalkDir(labs.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(name, "/solutions/") || !strings.HasSuffix(name, ".sh") {
			return err
		}
		script, err := fs.ReadFile(labs.FS, name)
		if err != nil {
			return err
		}
		for _, m := range here.FindAllSubmatch(script, -1) {
			if !bytes.Contains(m[1], []byte("apiVersion:")) || bytes.Contains(m[1], []byte("{{params.")) || bytes.Contains(m[1], []byte("$")) {
				continue
			}
			l := &lab.Lab{ID: strings.SplitN(name, "/", 2)[0], Steps: []lab.Step{{ID: "a", File: "01-a.md"}}}
			work, refusals := open(t, zipOf(t, []txtar.File{{Name: "a.yaml", Data: m[1]}})).Work(l, Rules{Kinds: append(DefaultKinds(), "LimitRange"), Level: "baseline"})
			n += len(work.Pages[0].Apply)
			for _, r := range refusals {
				t.Errorf("%s: %s: %s", name, r.Object, r.Why)
			}
		}
		return nil
	})
	if err != nil || n < 20 {
		t.Errorf("%d objects, %v", n, err)
	}
}
