package batch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/labs"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/batch"
)

// TestMain is also what the Pods of a run in the cluster run: their image is this
// program.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "grade-shard" {
		say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
		if err := batch.Shard(context.Background(), os.Getenv("POD_NAMESPACE"), os.Getenv("JOB_COMPLETION_INDEX"), loadFrom, say); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func loadFrom(dir string) (*lab.Lab, error) {
	l, _, err := runner.NewCatalog(labs.FS, nil).Load(dir)
	return l, err
}

// neighbours are students whose work is right, among those who mean harm.
var neighbours = []string{"a-neighbour", "host-neighbour", "meta-neighbour-b", "ok-eighbour", "ok-neighbour", "pod-neighbour", "z-neighbour"}

const good = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: web
    image: podlab.dev/toolbox:v1
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`

const answers = "type: ClusterIP\nport: \"1.30\"\n"

// handIn is a folder with these files, as a student hands it in.
func handIn(t *testing.T, id string, files map[string]string) batch.Entry {
	t.Helper()
	dir := filepath.Join(t.TempDir(), id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return batch.Entry{ID: id, Path: dir}
}

// hostile is a class in which nearly everybody means harm. Of each it says whether
// something must have been refused.
func hostile(t *testing.T, only func(name string) bool) (entries []batch.Entry, refused map[string]bool) {
	t.Helper()
	dir, refused := t.TempDir(), map[string]bool{}
	files, err := filepath.Glob("submission/testdata/hostile/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	write := func(id string, files ...txtar.File) {
		for _, f := range files {
			path := filepath.Join(dir, id, filepath.FromSlash(f.Name))
			if !strings.HasPrefix(path, filepath.Join(dir, id)+"/") {
				continue // one that leads out of its folder can be in archives only
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		entries = append(entries, batch.Entry{ID: id, Path: filepath.Join(dir, id)})
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
		if only(id) {
			refused[id] = !strings.HasPrefix(string(a.Files[i].Data), "ok") && id != "file-traversal"
			write(id, slices.Delete(a.Files, i, i+1)...)
		}
	}
	for _, id := range neighbours {
		write(id, txtar.File{Name: "all.yaml", Data: []byte(good)}, txtar.File{Name: "answers.yaml", Data: []byte(answers)})
	}
	slices.SortFunc(entries, func(a, b batch.Entry) int { return strings.Compare(a.ID, b.ID) })
	return entries, refused
}

// outside is what of a cluster does not belong to one namespace.
func outside(t *testing.T, clients kubernetes.Interface) (out []string) {
	t.Helper()
	var o metav1.ListOptions
	ctx := t.Context()
	add := func(kind string, names []string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			out = append(out, kind+" "+n)
		}
	}
	roles, err := clients.RbacV1().ClusterRoleBindings().List(ctx, o)
	add("ClusterRoleBinding", names(roles.Items), err)
	cluster, err := clients.RbacV1().ClusterRoles().List(ctx, o)
	add("ClusterRole", names(cluster.Items), err)
	hooks, err := clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(ctx, o)
	add("ValidatingWebhookConfiguration", names(hooks.Items), err)
	mutating, err := clients.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, o)
	add("MutatingWebhookConfiguration", names(mutating.Items), err)
	priorities, err := clients.SchedulingV1().PriorityClasses().List(ctx, o)
	add("PriorityClass", names(priorities.Items), err)
	volumes, err := clients.CoreV1().PersistentVolumes().List(ctx, o)
	add("PersistentVolume", names(volumes.Items), err)
	spaces, err := clients.CoreV1().Namespaces().List(ctx, o)
	add("Namespace", names(spaces.Items), err)
	slices.Sort(out)
	return out
}

func names[T any, P interface {
	*T
	GetName() string
}](items []T) (out []string) {
	for i := range items {
		out = append(out, P(&items[i]).GetName())
	}
	return out
}

func TestRealClass(t *testing.T) {
	l, err := lab.Load(os.DirFS("submission/testdata/shop"), "submission/testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	needs := l.Needs
	needs.Nodes, needs.Images, needs.Faults = 3, append(slices.Clone(needs.Images), image.Podlab), true
	c, clients := up(t, needs)
	grade := func(t *testing.T, entries []batch.Entry, change func(*batch.Config)) *class.Class {
		t.Helper()
		config := batch.Config{
			Lab: l, Ref: "shop", Out: filepath.Join(t.TempDir(), "grades"), Patience: 10 * time.Second,
			Up: func(context.Context) (*cluster.Cluster, error) { return c, nil },
			Progress: func(p batch.Progress) {
				if s := p.Student; s != nil {
					t.Logf("%s: %s, %g points, %.0f s, %d inside", s.ID, s.State, s.Score, s.Seconds, p.Inside)
				}
			},
			Say: t.Logf,
		}
		change(&config)
		began := time.Now()
		out, err := batch.Run(t.Context(), config, entries)
		if err != nil {
			t.Fatal(err)
		}
		if err := batch.Save(config.Out, out); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d students in %s", len(entries), time.Since(began).Round(time.Second))
		return out
	}

	t.Run("hostile", func(t *testing.T) {
		before := outside(t, clients)
		entries, refused := hostile(t, func(string) bool { return true })
		out := grade(t, entries, func(*batch.Config) {})
		if len(out.Students) != len(entries) {
			t.Errorf("%d students have %d rows", len(entries), len(out.Students))
		}
		for _, s := range out.Students {
			told := len(s.Refusals) > 0 || s.State == class.Refused && s.Why != ""
			switch {
			case s.State == class.Errored || s.Unjudged > 0:
				t.Errorf("%s: %s: %s: %+v", s.ID, s.State, s.Why, s.Report)
			case slices.Contains(neighbours, s.ID) && (s.Report == nil || !s.Report.Passed):
				t.Errorf("%s, whose work is right, has %g points of %d: %+v", s.ID, s.Score, out.Points, s.Report)
			case refused[s.ID] && !told:
				t.Errorf("%s: nothing is said of what was refused", s.ID)
			}
		}
		gone(t, clients)
		if after := outside(t, clients); !slices.Equal(before, after) {
			t.Errorf("the cluster had %d things outside of namespaces and has %d: %q, %q", len(before), len(after), before, after)
		}
		nodes, err := clients.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes.Items {
			for _, cond := range n.Status.Conditions {
				if bad := cond.Type == corev1.NodeReady; (cond.Status == corev1.ConditionTrue) != bad {
					t.Errorf("node %s: %s is %s: %s", n.Name, cond.Type, cond.Status, cond.Message)
				}
			}
		}
	})

	// Each submission has two Pods that take most of a node each: they take each other's
	// nodes, and none could go on if nobody made room.
	t.Run("no room", func(t *testing.T) {
		nodes, err := clients.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		most := nodes.Items[len(nodes.Items)-1].Status.Allocatable.Cpu().MilliValue() * 6 / 10
		web := strings.Replace(good, "image: ", fmt.Sprintf("resources: {requests: {cpu: %dm}, limits: {cpu: %dm}}\n    image: ", most, most), 1)
		first, _, _ := strings.Cut(strings.ReplaceAll(web, "web", "first"), "---")
		var entries []batch.Entry
		for i := range len(nodes.Items) + 2 {
			entries = append(entries, handIn(t, fmt.Sprint("s", i), map[string]string{"1.yaml": first, "2.yaml": web, "answers.yaml": answers}))
		}
		for _, s := range grade(t, entries, func(c *batch.Config) { c.Patience = 4 * time.Second }).Students {
			if s.State != class.Graded || !s.Report.Passed || s.Tries != 1 {
				t.Errorf("%s: %s %s, %g points at try %d: %+v", s.ID, s.State, s.Why, s.Score, s.Tries, s.Report)
			}
		}
		gone(t, clients)
	})

	// The cluster grades as this process does, also when a shard is killed, and while
	// nobody watches.
	t.Run("in the cluster", func(t *testing.T) {
		entries, _ := hostile(t, func(id string) bool {
			return strings.HasPrefix(id, "kind-l") || strings.HasPrefix(id, "service-") || id == "ok-deletes" || id == "answers-odd"
		})
		here := grade(t, entries, func(*batch.Config) {})
		gone(t, clients)
		killed := ""
		there := grade(t, entries, func(config *batch.Config) {
			config.Shards = 2
			tell := config.Progress
			config.Progress = func(p batch.Progress) {
				tell(p)
				if killed == "" {
					killed = kill(t, clients)
				}
			}
		})
		if killed == "" {
			t.Error("no shard was killed")
		}
		if len(here.Students) != len(there.Students) {
			t.Fatalf("%d rows here, %d there", len(here.Students), len(there.Students))
		}
		for i, a := range here.Students {
			b := there.Students[i]
			if a.ID != b.ID || a.State != b.State || a.Score != b.Score || a.Digest != b.Digest || fmt.Sprint(a.Refusals) != fmt.Sprint(b.Refusals) || (a.Evidence == "") != (b.Evidence == "") {
				t.Errorf("here %s %s %g %v, there %s %s %s %g %v", a.ID, a.State, a.Score, a.Refusals, b.ID, b.State, b.Why, b.Score, b.Refusals)
			}
		}
		gone(t, clients)

		// Cut off after the first row, and gone on with.
		ctx, cut := context.WithCancel(t.Context())
		defer cut()
		config := batch.Config{
			Lab: l, Ref: "shop", Out: filepath.Join(t.TempDir(), "grades"), Patience: 10 * time.Second, Shards: 1,
			Up:       func(context.Context) (*cluster.Cluster, error) { return c, nil },
			Progress: func(batch.Progress) { cut() },
			Say:      t.Logf,
		}
		if _, err := batch.Run(ctx, config, entries); err == nil {
			t.Error("it was not cut off")
		}
		rows := 0
		config.Resume, config.Progress = true, func(batch.Progress) { rows++ }
		again, err := batch.Run(t.Context(), config, entries)
		if err != nil {
			t.Fatal(err)
		}
		if rows >= len(entries) || len(again.Students) != len(entries) {
			t.Errorf("%d rows were collected later, %d are there of %d", rows, len(again.Students), len(entries))
		}
		for i, s := range again.Students {
			if s.State != here.Students[i].State || s.Score != here.Students[i].Score {
				t.Errorf("%s: %s %g, here %s %g", s.ID, s.State, s.Score, here.Students[i].State, here.Students[i].Score)
			}
		}
		gone(t, clients)
		testBroken(t, clients, grade)
		for _, x := range outside(t, clients) {
			if strings.Contains(x, "grade-") {
				t.Errorf("%s is left", x)
			}
		}
	})
}

// breaks is a lab that breaks what the student has made.
const breaks = `
schema: "v1", title: "A container that ends", summary: "S", minutes: 1
steps: [{id: "a", checks: [{
	id: "again", title: "web is started again", why: "w", points: 2
	object: {kind: "Pod", name: "web"}
	want: status: conditions: Ready: status: "True"
	fault: kill: pod: "web"
	after: status: {containerStatuses: web: restartCount: >=1, conditions: Ready: status: "True"}
	within: "60s"
}]}]
`

// testBroken has the cluster grade a lab with faults, which its shards break, and
// nothing of it is left.
func testBroken(t *testing.T, clients *kubernetes.Clientset, grade func(*testing.T, []batch.Entry, func(*batch.Config)) *class.Class) {
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(breaks)}, "01-a.md": {Data: []byte("# A\n\n## Once\n")}}, "breaks")
	if err != nil {
		t.Fatal(err)
	}
	var entries []batch.Entry
	for id, text := range map[string]string{"right": good, "never": strings.Replace(good, "spec:\n", "spec:\n  restartPolicy: Never\n", 1)} {
		entries = append(entries, handIn(t, id, map[string]string{"pod.yaml": text}))
	}
	out := grade(t, entries, func(config *batch.Config) { config.Lab, config.Ref, config.Shards = l, "breaks", 1 })
	for _, s := range out.Students {
		want := map[string]float64{"right": 2}[s.ID]
		if s.State != class.Graded || s.Score != want || s.Unjudged > 0 {
			t.Errorf("%s: %s, %g points of %g: %s: %+v", s.ID, s.State, s.Score, want, s.Why, s.Report)
		}
	}
	gone(t, clients)
}

// kill deletes a Pod of the Job that grades, and says which.
func kill(t *testing.T, clients kubernetes.Interface) string {
	t.Helper()
	pods, err := clients.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{LabelSelector: labels.Set{"podlab.dev/kind": "job"}.String(), FieldSelector: "status.phase=Running"})
	if err != nil || len(pods.Items) == 0 {
		t.Log(err)
		return ""
	}
	now := int64(0)
	p := pods.Items[0]
	if err := clients.CoreV1().Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Error(err)
	}
	t.Logf("killed %s", p.Name)
	return p.Name
}
