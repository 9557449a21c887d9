package batch

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner/batch/submission"
)

// dispatch has the cluster grade: an Indexed Job of podlab, a shard of the students
// for each index. This process hands the work over, watches the rows come in, and may
// come back later with --resume.
func (r *run) dispatch(ctx context.Context, open []Entry) error {
	cfg, err := r.cluster.RESTConfig()
	if err != nil {
		return err
	}
	cfg.QPS, cfg.Burst = 100, 200
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.identity()))
	d := &dispatched{run: r, config: cfg, clients: clients, namespace: fmt.Sprintf("podlab-grade-%x", h.Sum64()), refused: map[string][]class.Refusal{}}
	var there []Entry
	for _, e := range open {
		row, inCluster, err := d.hand(ctx, e)
		if err != nil {
			return err
		}
		if inCluster {
			there = append(there, e)
			continue
		}
		if err := d.done(row); err != nil {
			return err
		}
	}
	if len(there) == 0 {
		return nil
	}
	if err := d.begin(ctx, there); err != nil {
		return err
	}
	if err := d.collect(ctx, there); err != nil {
		return err
	}
	return d.clean(context.WithoutCancel(ctx))
}

// dispatched is a run that goes on in the cluster.
type dispatched struct {
	*run
	config    *rest.Config
	clients   kubernetes.Interface
	namespace string
	refused   map[string][]class.Refusal // what was not taken before it was handed over
}

// hand reads a submission. What the cluster has nothing to do with is graded here.
func (d *dispatched) hand(ctx context.Context, e Entry) (row class.Student, inCluster bool, err error) {
	sub, err := submission.Open(orNothing(e.Path))
	if e.Path == "" || err != nil || sub.Evidence != nil {
		return d.student(ctx, e), false, ctx.Err()
	}
	if _, err := encodeWork(e, sub); err != nil {
		row = class.Student{ID: e.ID, Name: e.Name, Seed: e.Seed, Submitted: e.Submitted, Submission: filepath.Base(e.Path), Digest: sub.Digest, Refusals: sub.Refusals}
		row.State, row.Why = class.Errored, err.Error()+"; grade it without --in-cluster"
		return row, false, nil
	}
	d.refused[e.ID] = sub.Refusals
	return row, true, nil
}

func orNothing(path string) string {
	if path == "" {
		return os.DevNull
	}
	return path
}

// done takes a row.
func (d *dispatched) done(s class.Student) error {
	if err := d.run.done(s); err != nil {
		return err
	}
	d.Progress(d.progress(&s))
	return nil
}

const jobName = "grade"

// begin makes the Job, unless a run that was cut off has made it: what came of that is
// collected first.
func (d *dispatched) begin(ctx context.Context, entries []Entry) error {
	job, err := d.clients.BatchV1().Jobs(d.namespace).Get(ctx, jobName, metav1.GetOptions{})
	if err == nil && job.DeletionTimestamp == nil {
		d.Say("the cluster has begun already; what has come of that is collected")
		return nil
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("look for the grading Job: %w", err)
	}
	if err := d.clean(ctx); err != nil {
		return err
	}
	return d.create(ctx, entries)
}

func ended(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// create hands the work over.
func (d *dispatched) create(ctx context.Context, entries []Entry) error {
	core := d.clients.CoreV1()
	make := metav1.CreateOptions{}
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: d.namespace, Annotations: d.marks()}}, make); err != nil {
		return fmt.Errorf("make namespace %s: %w", d.namespace, err)
	}
	if err := d.allow(ctx); err != nil {
		return err
	}
	if d.Lab.Needs.Faults {
		if err := fault.Allow(ctx, d.config); err != nil {
			return fmt.Errorf("allow the Job to break what the lab breaks: %w", err)
		}
	}
	data, err := encodePlan(plan{Lab: d.Lab.ID, Patience: d.Patience, Parallel: (d.Parallel + d.Shards - 1) / d.Shards, Program: d.Program, Identity: d.namespace}, d.Lab)
	if err != nil {
		return err
	}
	if _, err := core.Secrets(d.namespace).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: planName}, Data: data}, make); err != nil {
		return fmt.Errorf("hand over the lab: %w", err)
	}
	var g errgroup.Group
	g.SetLimit(8)
	for i, e := range entries {
		g.Go(func() error {
			sub, err := submission.Open(e.Path)
			if err != nil {
				return err // it could be read a moment ago
			}
			data, err := encodeWork(e, sub)
			if err != nil {
				return err // it fitted a moment ago
			}
			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
				Name: "work-" + strconv.Itoa(i), Labels: map[string]string{kindOf: "work", shardOf: strconv.Itoa(i % d.Shards)}, Annotations: map[string]string{studentOf: e.ID},
			}, Data: data}
			if _, err := core.Secrets(d.namespace).Create(ctx, s, make); err != nil {
				return fmt.Errorf("hand over the work of %s: %w", e.ID, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if _, err := d.clients.BatchV1().Jobs(d.namespace).Create(ctx, job(d.Shards), make); err != nil {
		return fmt.Errorf("make the grading Job: %w", err)
	}
	d.Say("%d submissions are with the cluster, in %d shards; this podlab may be ended, and --resume collects what has come", len(entries), d.Shards)
	return nil
}

// account is who the shards are; it may do what grading takes, and no more.
const account = "grader"

// allow gives the shards their rights: those of the role admin, in all namespaces,
// and to make namespaces with their fences.
func (d *dispatched) allow(ctx context.Context) error {
	make := metav1.CreateOptions{}
	if _, err := d.clients.CoreV1().ServiceAccounts(d.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, make); err != nil {
		return fmt.Errorf("make the account of the grading Job: %w", err)
	}
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces", "resourcequotas", "limitranges", "serviceaccounts"}, Verbs: all},
		{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: all},
		{APIGroups: []string{""}, Resources: []string{"nodes", "persistentvolumes", "events"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"}, Verbs: all},
		{APIGroups: []string{""}, Resources: []string{"pods/exec", "pods/proxy", "services/proxy", "pods/resize"}, Verbs: all},
	}
	if d.Lab.Needs.Faults { // cordons and taints
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"patch"}})
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "podlab"}
	if _, err := d.clients.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: d.namespace, Labels: labels}, Rules: rules}, make); err != nil {
		return fmt.Errorf("allow the Job to grade: %w", err)
	}
	subject := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: d.namespace}}
	for name, role := range map[string]string{d.namespace: d.namespace, d.namespace + "-admin": "admin"} {
		_, err := d.clients.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Subjects: subject,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		}, make)
		if err != nil {
			return fmt.Errorf("allow the Job to grade: %w", err)
		}
	}
	return nil
}

// collect takes rows as they come, until all are there or the Job has ended without
// them.
func (d *dispatched) collect(ctx context.Context, entries []Entry) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(d.clients, 0, informers.WithNamespace(d.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = kindOf + " in (row, job)" }))
	rows, over := make(chan *corev1.Secret), make(chan string, 1)
	secrets, jobs := factory.Core().V1().Secrets().Informer(), factory.Batch().V1().Jobs().Informer()
	if _, err := secrets.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(o any) {
		if s, ok := o.(*corev1.Secret); ok {
			select {
			case rows <- s:
			case <-ctx.Done():
			}
		}
	}}); err != nil {
		return err
	}
	look := func(o any) {
		if j, ok := o.(*batchv1.Job); ok && ended(j) {
			why := ""
			for _, c := range j.Status.Conditions {
				if c.Message != "" {
					why = c.Message
				}
			}
			select {
			case over <- why:
			default:
			}
		}
	}
	if _, err := jobs.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: look, UpdateFunc: func(_, o any) { look(o) }}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	left := map[string]Entry{}
	for _, e := range entries {
		left[e.ID] = e
	}
	var late <-chan time.Time
	why := ""
	for len(left) > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s := <-rows:
			row, err := d.row(ctx, s)
			if err != nil {
				return err
			}
			if _, waited := left[row.ID]; !waited {
				continue
			}
			delete(left, row.ID)
			if err := d.done(row); err != nil {
				return err
			}
		case <-time.After(time.Minute):
			d.Say("no row for a minute; %s", d.shards(ctx))
		case why = <-over:
			late = time.After(5 * time.Second) // for rows that are on their way
		case <-late:
			for _, e := range left {
				s := class.Student{ID: e.ID, Name: e.Name, Seed: e.Seed, Submission: filepath.Base(e.Path), State: class.Errored, Why: "the Job that grades has ended without a row: " + why}
				if err := d.done(s); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}

// shards says in a line how the Pods of the Job are.
func (d *dispatched) shards(ctx context.Context) string {
	pods, err := d.clients.CoreV1().Pods(d.namespace).List(ctx, metav1.ListOptions{LabelSelector: kindOf + "=job"})
	if err != nil {
		return fmt.Sprintf("the cluster does not answer: %v", err)
	}
	lines := []string{fmt.Sprintf("the Job of namespace %s has %d Pods", d.namespace, len(pods.Items))}
	for _, p := range pods.Items {
		line := fmt.Sprintf("%s is %s", p.Name, p.Status.Phase)
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				line += ": " + c.Message
			}
		}
		for _, s := range p.Status.ContainerStatuses {
			if w := s.State.Waiting; w != nil {
				line += ": " + w.Reason
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// row reads a row with its evidence.
func (d *dispatched) row(ctx context.Context, s *corev1.Secret) (class.Student, error) {
	row, parts, err := decodeRow(s.Data)
	if err != nil {
		return row, err
	}
	row.Refusals = append(d.refused[row.ID], row.Refusals...)
	if row.Evidence == "" {
		return row, nil
	}
	file, err := os.CreateTemp(d.Out, ".evidence-")
	if err != nil {
		return row, fmt.Errorf("save the evidence: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // it is gone when all went well
	for i := range parts {
		part, err := d.clients.CoreV1().Secrets(d.namespace).Get(ctx, fmt.Sprintf("%s-%d", s.Name, i), metav1.GetOptions{})
		if err == nil {
			_, err = file.Write(part.Data["evidence"])
		}
		if err != nil {
			file.Close()
			return row, fmt.Errorf("save the evidence of %s: %w", row.ID, err)
		}
	}
	if err := file.Close(); err != nil {
		return row, fmt.Errorf("save the evidence: %w", err)
	}
	row.Evidence = evidenceDir + "/" + row.ID + ".evidence"
	if err := os.Rename(file.Name(), filepath.Join(d.Out, row.Evidence)); err != nil {
		return row, fmt.Errorf("save the evidence: %w", err)
	}
	return row, nil
}

// clean removes what a run has in the cluster, and waits until it is gone.
func (d *dispatched) clean(ctx context.Context) error {
	gone := func(what string, err error) error {
		if err == nil || apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("remove %s of the grading Job: %w", what, err)
	}
	for _, name := range []string{d.namespace, d.namespace + "-admin"} {
		if err := gone("a binding", d.clients.RbacV1().ClusterRoleBindings().Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
			return err
		}
	}
	if err := gone("the role", d.clients.RbacV1().ClusterRoles().Delete(ctx, d.namespace, metav1.DeleteOptions{})); err != nil {
		return err
	}
	if err := remove(ctx, d.clients, d.namespace); err != nil {
		return err
	}
	// What students have there goes with their shards, or with a shard that was killed.
	all, err := d.clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: "podlab.dev/lab"})
	if err != nil {
		return fmt.Errorf("look for what the grading Job left: %w", err)
	}
	for _, n := range all.Items {
		if n.Annotations[annotationLock] == d.namespace && n.DeletionTimestamp == nil {
			if err := remove(ctx, d.clients, n.Name); err != nil {
				return err
			}
		}
	}
	return d.vanished(ctx)
}

// vanished waits until the namespace is gone.
func (d *dispatched) vanished(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := d.clients.CoreV1().Namespaces().Get(ctx, d.namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	if err != nil {
		return fmt.Errorf("wait for namespace %s to disappear: %w", d.namespace, err)
	}
	return nil
}
