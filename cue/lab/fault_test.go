package lab_test

import (
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/cue/lab"
)

func TestReadFault(t *testing.T) {
	for _, x := range []struct {
		words []string
		want  string // what it does
		lasts time.Duration
	}{
		{[]string{"kill", "pod=web"}, "sends SIGKILL to Pod web", 0},
		{[]string{"kill", "pod=web", "container=app", "signal=TERM"}, "sends SIGTERM to Pod web, container app", 0},
		{[]string{"network", "pod=web", "do=cut", "for=30s"}, "cuts the network of Pod web", 30 * time.Second},
		{[]string{"network", "pod=web", "do=slow", "rate=2Ki"}, "lets 2Ki a second out of Pod web", 10 * time.Minute},
		{[]string{"network", "pod=web", "do=refuse", "port=8080"}, "has port 8080 of Pod web refuse what comes from its node", 10 * time.Minute},
		{[]string{"network", "pod=web", "do=cut", "delay=5s", "for=30s"}, "cuts the network of Pod web", 30 * time.Second},
		{[]string{"kill", "pod=web", "delay=1m"}, "sends SIGKILL to Pod web", 0},
		{[]string{"node", "pod=web", "do=pause", "for=1m"}, "pauses the node of Pod web", time.Minute},
		{[]string{"node", "node=n1", "do=taint", "taint=disk=slow:NoSchedule"}, "taints node n1 with disk=slow:NoSchedule", 10 * time.Minute},
		{[]string{"node", "node=n1", "do=restart-runtime"}, "starts the container runtime of node n1 anew", 0},
		{[]string{"delete", "kind=Pod", "name=web"}, "deletes Pod web (v1)", 0},
		{[]string{"evict", "pod=web"}, "evicts Pod web", 0},
		{[]string{"kill", "selector=app=web"}, "sends SIGKILL to a Pod of app=web", 0},
		{[]string{"node", "selector=app=web", "do=cordon"}, "cordons the node of a Pod of app=web", 10 * time.Minute},
		{[]string{"data", "kind=Secret", "name=db", "key=password", "value=12"}, "changes the key password of Secret db", 10 * time.Minute},
		{[]string{"data", "kind=ConfigMap", "name=db", "key=host"}, "takes the key host from ConfigMap db", 10 * time.Minute},
		{[]string{"disk", "pod=web", "path=/data", "size=64Mi"}, "writes 64Mi into /data of Pod web", 10 * time.Minute},
	} {
		f, err := lab.ReadFault(x.words)
		if err != nil {
			t.Errorf("%q: %v", x.words, err)
			continue
		}
		if f.String() != x.want || f.For != x.lasts || f.Lasts() != (x.lasts > 0) {
			t.Errorf("%q: %s, for %s, want %s, %s", x.words, f, f.For, x.want, x.lasts)
		}
	}
}

func TestReadFaultRefuses(t *testing.T) {
	for _, x := range []struct {
		words []string
		want  string
	}{
		{[]string{"explode", "pod=web"}, `there is no field "explode" here; there are apply`},
		{[]string{"kill"}, `kill: a Pod is told by its name or by its labels`},
		{[]string{"kill", "pod=web", "signal=NO"}, `"NO" is not one of "ABRT"`},
		{[]string{"kill", "pod=web", "color=red"}, `there is no field "color" here; there are container, pod, selector, signal`},
		{[]string{"pod=web", "kill"}, `the kind of fault comes first`},
		{[]string{"apply=x.yaml"}, `the kind of fault comes first`},
		{[]string{"kill", "web"}, `after the kind of fault come its fields, as pod=web`},
		{[]string{"kill", "pod=web", "for=1m"}, `this fault does not last: leave for out`},
		{[]string{"network", "pod=web", "do=slow"}, `rate: "2Ki" goes with do: "slow"`},
		{[]string{"network", "pod=web", "do=refuse", "port=x"}, `"x" is not of type int`},
		{[]string{"memory", "pod=web", "for=3h"}, `for: invalid value "3h"`},
		{[]string{"kill", "pod=web", "delay=2m"}, `delay: no fault is waited for longer than a minute`},
		{[]string{"kill", "pod=web", "delay=soon"}, `delay: invalid value "soon"`},
		{[]string{"node", "do=pause"}, `write one of node, pod and selector`},
		{[]string{"evict", "pod=web", "selector=app=web"}, `write one of pod and selector`},
		{[]string{"evict", "selector=app=(web"}, `evict.selector: `},
		{[]string{"disk", "pod=web", "path=data", "size=1Mi"}, `disk.path: invalid value "data"`},
	} {
		f, err := lab.ReadFault(x.words)
		if err == nil {
			t.Errorf("%q is taken: %s", x.words, f)
			continue
		}
		if !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q: %v, want %s", x.words, err, x.want)
		}
	}
}
