package fault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/fault/order"
	"podlab.dev/podlab/cue/lab"
)

// asksName is the label of Pods that break nothing, and ask a Service throughout.
const asksName = "podlab.dev/asks"

const (
	// askEvery is how often a Service is asked, and askWithin when it has to have
	// answered.
	askEvery  = 100 * time.Millisecond
	askWithin = time.Second
	// askFor is how long at most.
	askFor = 15 * time.Minute
)

// Asking is a Pod that asks a Service.
type Asking struct {
	client kubernetes.Interface
	name   string
}

// Ask has a Pod in the cluster ask a Service again and again for a check, and returns
// when it is answered. What asked for the same check before is removed. That the
// Service does not answer is an error of kind [driver.ErrNeeds].
func Ask(ctx context.Context, config *rest.Config, t Target, what *lab.Throughout) (*Asking, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	sweep(ctx, client)
	old, err := list(ctx, client, t.selector()+","+asksName)
	if err == nil {
		err = Heal(ctx, config, old)
	}
	if err != nil {
		return nil, refused(err)
	}
	if err := allow(ctx, client); err != nil {
		return nil, refused(err)
	}
	node, err := anyNode(ctx, client)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(order.Ask{
		URL:   fmt.Sprintf("http://%s.%s.svc:%d%s", what.Service, t.Namespace, what.Port, what.Path),
		Every: askEvery, Within: askWithin, For: askFor,
	})
	if err != nil {
		return nil, err
	}
	pod := program(strings.ToLower(rand.Text()[:8]), node, t, fmt.Sprintf("asks Service %s, port %d", what.Service, what.Port), askFor, "ask", string(text))
	pod.Labels[asksName] = "true"
	if pod, err = client.CoreV1().Pods(Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return nil, refused(err)
	}
	a := &Asking{client, pod.Name}
	how := ""
	if err = runs(ctx, client, pod); err == nil {
		how, err = done(ctx, client, pod)
	}
	if err == nil && how != order.OK {
		err = missing("kubectl get service,endpointslices,pods shows who should", "Service %s does not answer on port %d, for %s: %s", what.Service, what.Port, what.Path, how)
	}
	if err != nil {
		_ = Heal(context.WithoutCancel(ctx), config, []Fault{*of(pod)})
		return nil, err
	}
	return a, nil
}

// Begin says that it counts from now on.
func (a *Asking) Begin(ctx context.Context) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"now"}}}`, order.Go)
	if _, err := a.client.CoreV1().Pods(Namespace).Patch(ctx, a.name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("give the word to Pod %s: %w", a.name, err)
	}
	return nil
}

// Served is what came of asking a Service so far, for a check. With Trouble set it is
// not asked any more, for no fault of its own.
type Served struct {
	Check string
	order.Count
	Trouble string
}

// Follow tells what comes of asking for the checks of a lab, about once a second each,
// until ctx ends.
func Follow(ctx context.Context, config *rest.Config, namespace string, tell func(Served)) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	pods := client.CoreV1().Pods(Namespace)
	known := map[types.UID]Served{} // what was told last
	_, err = driver.Until(ctx, pods.List, pods.Watch, metav1.ListOptions{LabelSelector: Target{Namespace: namespace}.selector() + "," + asksName}, func(all []corev1.Pod) string {
		there := map[types.UID]bool{}
		for _, p := range all {
			there[p.UID] = true
			s := Served{Check: p.Labels[checkName]}
			begun := json.Unmarshal([]byte(p.Annotations[order.Served]), &s.Count) == nil
			if p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded || p.DeletionTimestamp != nil {
				s.Trouble = "the Pod that asks has ended"
			}
			if begun && known[p.UID] != s {
				known[p.UID] = s
				tell(s)
			}
		}
		for uid, s := range known {
			if !there[uid] {
				delete(known, uid)
				if s.Trouble == "" {
					s.Trouble = "the Pod that asks was deleted"
					tell(s)
				}
			}
		}
		return "until ctx ends"
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
