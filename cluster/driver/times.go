package driver

import (
	"fmt"
	"time"

	"podlab.dev/podlab/cue/lab"
)

// Arg is an argument of a program of the control plane: --Name=Value.
type Arg struct{ Program, Name, Value string }

// Waits is how a cluster is told its times: by arguments of the control plane's programs,
// and by lines of every kubelet's configuration.
func Waits(t lab.Times) (args []Arg, kubelet string) {
	if t.BackOff != 0 {
		kubelet += fmt.Sprintf("crashLoopBackOff: {maxContainerRestartPeriod: %s}\n", t.BackOff)
	}
	if t.Unknown != 0 {
		// A node is heard of when it renews its lease, which it does four times while that
		// lasts; and somebody has to look often enough.
		kubelet += fmt.Sprintf("nodeLeaseDurationSeconds: %d\n", t.Unknown/time.Second)
		args = append(args, Arg{"kube-controller-manager", "node-monitor-grace-period", t.Unknown.String()},
			Arg{"kube-controller-manager", "node-monitor-period", "1s"})
	}
	if t.Evict != 0 {
		n := fmt.Sprint(int(t.Evict / time.Second))
		args = append(args, Arg{"kube-apiserver", "default-not-ready-toleration-seconds", n},
			Arg{"kube-apiserver", "default-unreachable-toleration-seconds", n})
	}
	return args, kubelet
}
