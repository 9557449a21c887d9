package batch

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// gate lets as many submissions in at a time as the nodes bear. What costs a node most
// is a Pod that starts. So the gate watches the Pods of the cluster: a submission comes
// in, or goes on to its next page, when few Pods are starting; who is inside goes
// first. How many are few is measured: as long as Pods start fast, more of them may do
// so at a time. What Pods do when they run cannot be seen from here, and probes that
// run a command every other second keep nodes busy as well: so there are no more
// inside than twice as many.
type gate struct {
	most int // 0: as many as the nodes bear

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
	pods    map[types.UID]tenant
	inside  map[string]*visit // by namespace
	turning int               // of those, who wait for their next page
	alone   string            // who breaks nodes until it leaves; "" for nobody
	room    use               // of all nodes that take Pods
	node    use               // the most that one of them has
	peaks   map[string]use    // the most that each submission had that left, or found no room
	few     int               // Pods that may be starting at a time
	kept    bool              // few has kept somebody out since it last changed
	bounds  [2]int            // of few
	took    []time.Duration   // the last starts
	median  time.Duration     // of those before
}

// use is what Pods take, or nodes have.
type use struct {
	pods int
	cpu  int64 // thousandths
	mem  int64 // bytes
}

func (u use) plus(o use) use { return use{u.pods + o.pods, u.cpu + o.cpu, u.mem + o.mem} }

func (u use) most(o use) use { return use{max(u.pods, o.pods), max(u.cpu, o.cpu), max(u.mem, o.mem)} }

// within leaves a tenth free.
func (u use) within(room use) bool {
	return u.pods*10 <= room.pods*9 && u.cpu*10 <= room.cpu*9 && u.mem*10 <= room.mem*9
}

// tenant is a Pod that a node has, or would have if there were room.
type tenant struct {
	namespace string
	use       use
	starting  bool
	short     bool // it waits for what other submissions have
	since     time.Time
}

// visit is a submission that is inside.
type visit struct {
	began   time.Time // its page
	seen    bool      // the page has brought a Pod
	turns   bool      // it waits for its next page
	crowded bool      // Pods started slowly meanwhile, or one waited for room
	peak    use
}

// unseen is how long a submission that was let in, or went on, counts as a Pod that
// starts, until it has one.
const unseen = 5 * time.Second

// slow and fast are what the median start of a Pod is held against.
const (
	fast = 3 * time.Second
	slow = 6 * time.Second
)

// newGate watches the Pods of a cluster until ctx ends.
func newGate(ctx context.Context, clients kubernetes.Interface, most int) (*gate, error) {
	g := &gate{most: most, changed: make(chan struct{}), pods: map[types.UID]tenant{}, inside: map[string]*visit{}, peaks: map[string]use{}}
	nodes, err := clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	cores := 0
	for _, n := range nodes.Items {
		if n.Spec.Unschedulable || slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }) {
			continue
		}
		has := use{int(n.Status.Allocatable.Pods().Value()), n.Status.Allocatable.Cpu().MilliValue(), n.Status.Allocatable.Memory().Value()}
		g.room, g.node = g.room.plus(has), g.node.most(has)
		cores += int(n.Status.Allocatable.Cpu().Value())
	}
	cores = max(cores, 1)
	g.few, g.bounds = 3*cores, [2]int{cores, 16 * cores}
	factory := informers.NewSharedInformerFactory(clients, 0)
	informer := factory.Core().V1().Pods().Informer()
	if err := informer.SetTransform(slim); err != nil {
		return nil, err
	}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    g.see,
		UpdateFunc: func(_, now any) { g.see(now) },
		DeleteFunc: g.gone,
	})
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return g, ctx.Err()
}

// slim keeps of a Pod what the gate reads.
func slim(o any) (any, error) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return o, nil
	}
	out := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion}}
	out.Status.Phase, out.Status.Conditions, out.Spec.NodeName = p.Status.Phase, p.Status.Conditions, p.Spec.NodeName
	for _, s := range p.Status.ContainerStatuses {
		out.Status.ContainerStatuses = append(out.Status.ContainerStatuses, corev1.ContainerStatus{State: s.State, RestartCount: s.RestartCount})
	}
	for _, c := range p.Spec.Containers {
		out.Spec.Containers = append(out.Spec.Containers, corev1.Container{Resources: corev1.ResourceRequirements{Requests: c.Resources.Requests}})
	}
	return out, nil
}

func (g *gate) see(o any) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	before, known := g.pods[p.UID]
	t := tenant{namespace: p.Namespace, use: requests(p), since: time.Now()}
	if p.Spec.NodeName == "" {
		delete(g.pods, p.UID)
		t.short = g.short(p)
	} else {
		t.starting = starting(p)
	}
	if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || p.Spec.NodeName == "" && !t.short {
		delete(g.pods, p.UID) // one that no node takes costs nothing
	} else {
		if known && before.short == t.short {
			t.since = before.since
			if before.starting && !t.starting {
				g.started(time.Since(before.since))
			}
		}
		g.pods[p.UID] = t
	}
	if v := g.inside[p.Namespace]; v != nil {
		v.seen, v.crowded = v.seen || !known, v.crowded || t.short
		v.peak = v.peak.most(g.of(p.Namespace))
		if t.short {
			g.peaks[p.Namespace] = v.peak
		}
	}
	g.wake()
}

// lacking finds what the scheduler says that nodes have too little of: it says it in a
// sentence only (k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources).
var lacking = regexp.MustCompile(`Insufficient ([^\s,]*[^\s,.])|(Too many pods)`)

// short tells whether a Pod waits for processors, memory or a place that other
// submissions take: it would have a node if its own submission were alone.
func (g *gate) short(p *corev1.Pod) bool {
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
	})
	if i < 0 || requests(p).most(g.node) != g.node {
		return false
	}
	found := lacking.FindAllStringSubmatch(p.Status.Conditions[i].Message, -1)
	for _, of := range found {
		if of[1] != "cpu" && of[1] != "memory" && of[2] == "" {
			return false // a GPU, say: nothing that is counted here
		}
	}
	alone, others := requests(p), false
	for _, t := range g.pods {
		if t.namespace == p.Namespace || !strings.HasPrefix(t.namespace, prefix) {
			alone = alone.plus(t.use)
		} else {
			others = others || !t.short
		}
	}
	return len(found) > 0 && others && alone.most(g.room) == g.room
}

func (g *gate) gone(o any) {
	if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = last.Obj
	}
	if p, ok := o.(*corev1.Pod); ok {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.pods, p.UID)
		g.wake()
	}
}

// starting tells whether a node still has to do with getting a Pod to run for the
// first time.
func starting(p *corev1.Pod) bool {
	if p.Status.Phase != corev1.PodPending && p.Status.Phase != "" {
		return false
	}
	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w == nil || w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return false
		}
	}
	return true
}

func requests(p *corev1.Pod) use {
	u := use{pods: 1}
	for _, c := range p.Spec.Containers {
		cpu, mem := c.Resources.Requests[corev1.ResourceCPU], c.Resources.Requests[corev1.ResourceMemory]
		u.cpu, u.mem = u.cpu+cpu.MilliValue(), u.mem+mem.Value()
	}
	return u
}

// started learns from a start how many may be at a time. Who is inside stays for
// minutes: fewer is tried again only once those that are too many have left, and more
// only where what there may be has been reached. Else the number swings from far too
// many to far too few.
func (g *gate) started(took time.Duration) {
	if g.took = append(g.took, took); len(g.took) < 10 {
		return
	}
	slices.Sort(g.took)
	g.median, g.took = g.took[len(g.took)/2], nil
	switch {
	case g.median > slow:
		for _, v := range g.inside {
			v.crowded = true
		}
		if len(g.inside) <= 2*g.few {
			g.few, g.kept = max(g.few*3/4, g.bounds[0]), false
		}
	case g.median < fast && g.kept:
		g.few, g.kept = min(g.few+max(g.few/4, 1), g.bounds[1]), false
	}
}

func (g *gate) of(namespace string) (u use) {
	for _, t := range g.pods {
		if t.namespace == namespace {
			u = u.plus(t.use)
		}
	}
	return u
}

func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// usual is as much as nine in ten submissions have at most: one that is far larger
// than the others is not what there has to be room for.
func (g *gate) usual() (u use) {
	n := len(g.peaks)
	if n == 0 {
		return use{}
	}
	each := func(of func(use) int64) int64 {
		var all []int64
		for _, p := range g.peaks {
			all = append(all, of(p))
		}
		slices.Sort(all)
		return all[(n-1)*9/10]
	}
	return use{
		int(each(func(u use) int64 { return int64(u.pods) })),
		each(func(u use) int64 { return u.cpu }),
		each(func(u use) int64 { return u.mem }),
	}
}

// open tells whether one more may come in.
func (g *gate) open(namespace string) bool {
	if len(g.inside) == 0 {
		return true
	}
	if len(g.inside) >= 2*g.few || !g.idle("") {
		g.kept = true
		return false
	}
	if g.most > 0 && len(g.inside) >= g.most || g.turning > 0 || g.alone != "" {
		return false
	}
	var all use
	for _, t := range g.pods {
		all = all.plus(t.use)
	}
	usual := g.usual()
	for other := range g.inside {
		// It may yet become as large as others were.
		has := g.of(other)
		all = all.plus(use{max(usual.pods-has.pods, 0), max(usual.cpu-has.cpu, 0), max(usual.mem-has.mem, 0)})
	}
	return all.plus(usual.most(g.peaks[namespace])).within(g.room)
}

// idle tells whether few Pods are starting, or are about to, but for those of a
// namespace. One that starts for too long waits for something else than a node.
func (g *gate) idle(but string) bool {
	busy := 0
	for _, t := range g.pods {
		if t.namespace != but && t.starting && time.Since(t.since) < patientStart {
			busy++
		}
	}
	for namespace, v := range g.inside {
		if namespace != but && !v.seen && time.Since(v.began) < unseen {
			busy++
		}
	}
	return busy < g.few
}

// enter waits until a submission may begin.
func (g *gate) enter(ctx context.Context, namespace string) error {
	return g.await(ctx, func() bool { return g.open(namespace) }, func() { g.inside[namespace] = &visit{began: time.Now()} })
}

// turn waits until a submission that is inside may go on to its next page. One that
// breaks nodes there waits until all others are between two pages, and is alone from
// then on until it leaves; who needs not be alone goes first.
func (g *gate) turn(ctx context.Context, namespace string, breaks bool) error {
	g.mu.Lock()
	v := g.inside[namespace]
	if v == nil {
		v = &visit{}
	}
	g.turning, v.turns = g.turning+1, true
	g.wake()
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.turning, v.turns = g.turning-1, false
		g.wake()
	}()
	return g.await(ctx, func() bool { return g.free(namespace, breaks) && g.idle(namespace) }, func() {
		v.began, v.seen, v.turns = time.Now(), false, false
		if breaks {
			g.alone = namespace
		}
	})
}

// free tells whether nobody is in the way of a submission's next page, nor it in that
// of others.
func (g *gate) free(namespace string, breaks bool) bool {
	if g.alone != "" || !breaks {
		return g.alone == "" || g.alone == namespace
	}
	for other, v := range g.inside {
		if other != namespace && !v.turns {
			return false
		}
	}
	return true
}

// await waits until something may be, and then does it, both with the lock held.
func (g *gate) await(ctx context.Context, may func() bool, do func()) error {
	for {
		g.mu.Lock()
		if may() {
			do()
			g.mu.Unlock()
			return nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-time.After(unseen): // time alone can change it
		}
	}
}

// crowded tells whether Pods started slowly at some time since a submission came in,
// or one of its own waited for room.
func (g *gate) crowded(namespace string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.inside[namespace]
	return v != nil && v.crowded
}

func (g *gate) leave(namespace string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v := g.inside[namespace]; v != nil {
		g.peaks[namespace] = v.peak
		delete(g.inside, namespace)
	}
	if g.alone == namespace {
		g.alone = ""
	}
	g.wake()
}

// stretched is how long something may take on nodes as busy as these that may take so
// long on idle ones: at most four times as long.
func (g *gate) stretched(d time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Duration(float64(d) * min(max(float64(g.median)/float64(fast), 1), 4))
}

// waits tells whether a Pod of the namespace waits because of others, rather than of
// what it is: it is being started, or it found no room that it would have alone.
func (g *gate) waits(namespace string) (starts, short bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.pods {
		if t.namespace == namespace {
			starts, short = starts || t.starting && time.Since(t.since) < patientStart, short || t.short
		}
	}
	return starts, short
}

// patientStart is how long a Pod may take to start because of others: one that takes
// longer waits for something else.
const patientStart = 90 * time.Second
