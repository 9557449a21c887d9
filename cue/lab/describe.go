package lab

import (
	"fmt"
	"strings"
)

// Kind is the kind of a check in a word: object, history, gone, events, logs,
// exec, http or quiz; a fault before it says that something is broken first.
func (c *Check) Kind() string {
	kind := "object"
	switch {
	case c.Quiz != nil:
		kind = "quiz"
	case c.Events != nil:
		kind = "events"
	case c.Logs != nil:
		kind = "logs"
	case c.Exec != nil:
		kind = "exec"
	case c.HTTP != nil:
		kind = "http"
	case c.Gone:
		kind = "gone"
	case len(c.Seen) > 0:
		kind = "history"
	}
	return kind
}

// About says in a line what a check looks at.
func (c *Check) About() string {
	switch {
	case c.Quiz != nil:
		return c.Quiz.Question
	case c.Events != nil:
		if c.Events.Name == "" {
			return "Events about any " + c.Events.Kind.Kind
		}
		return "Events about " + c.Events.Kind.Kind + " " + c.Events.Name
	case c.Logs != nil:
		return "the log of " + container(c.Logs.Pod, c.Logs.Container)
	case c.Exec != nil:
		return c.Exec.String()
	case c.HTTP != nil:
		return c.HTTP.String()
	}
	return c.Object.String()
}

func (o *Object) String() string {
	return fmt.Sprintf("%s %s (%s)", o.GVK.Kind, o.Name, o.GVK.GroupVersion())
}

func (e *Exec) String() string {
	return fmt.Sprintf("%s in %s", strings.Join(e.Command, " "), container(e.Pod, e.Container))
}

func (h *HTTP) String() string {
	to := "Service " + h.Service
	if h.Pod != "" {
		to = "Pod " + h.Pod
	}
	return fmt.Sprintf("%s %s of %s, port %d", h.Method, h.Path, to, h.Port)
}

// String says what is broken, and how.
func (f *Fault) String() string {
	switch {
	case f.Delete != nil:
		return "deletes " + f.Delete.String()
	case f.Evict != nil:
		return "evicts " + f.Evict.PodChoice.String()
	case f.Exec != nil:
		return "runs " + f.Exec.String()
	case f.Kill != nil:
		return fmt.Sprintf("sends SIG%s to %s", f.Kill.Signal, f.Kill)
	case f.CPU != nil:
		return "burns the CPU of " + f.CPU.String()
	case f.Memory != nil:
		return "fills the memory of " + f.Memory.String()
	case f.Disk != nil:
		return fmt.Sprintf("writes %s into %s of %s", f.Disk.Size, f.Disk.Path, f.Disk)
	case f.Network != nil:
		return f.Network.String()
	case f.Node != nil:
		return f.Node.String()
	case f.Image != nil:
		return fmt.Sprintf("takes the image %s from %s", f.Image.Image, node(f.Image.Node, f.Image.PodChoice))
	case f.Data != nil && f.Data.Value == nil:
		return fmt.Sprintf("takes the key %s from %s %s", f.Data.Key, f.Data.Kind, f.Data.Name)
	case f.Data != nil:
		return fmt.Sprintf("changes the key %s of %s %s", f.Data.Key, f.Data.Kind, f.Data.Name)
	case f.GPU != nil:
		return f.GPU.String()
	}
	return "applies " + f.Apply
}

// String names the container.
func (f *PodFault) String() string {
	if f.Container == "" {
		return f.PodChoice.String()
	}
	return f.PodChoice.String() + ", container " + f.Container
}

// String names the Pod.
func (c PodChoice) String() string {
	if c.Pod == "" {
		return "a Pod of " + c.Selector
	}
	return "Pod " + c.Pod
}

// String says what happens to the network.
func (n *NetworkFault) String() string {
	switch n.Do {
	case "dns":
		return fmt.Sprintf("lets %s find no name", n.PodChoice)
	case "slow":
		return fmt.Sprintf("lets %s a second out of %s", n.Rate, n.PodChoice)
	case "refuse":
		return fmt.Sprintf("has port %d of %s refuse what comes from its node", n.Port, n.PodChoice)
	}
	return fmt.Sprintf("cuts the network of %s", n.PodChoice)
}

// String says what happens to the node.
func (n *NodeFault) String() string {
	which := node(n.Node, n.PodChoice)
	switch n.Do {
	case "taint":
		return fmt.Sprintf("taints %s with %s", which, n.Taint)
	case "stop":
		return "switches " + which + " off"
	case "stop-kubelet":
		return "stops the kubelet of " + which
	case "restart-kubelet":
		return "starts the kubelet of " + which + " anew"
	case "restart-runtime":
		return "starts the container runtime of " + which + " anew"
	}
	return n.Do + "s " + which
}

func node(name string, on PodChoice) string {
	if name == "" {
		return "the node of " + on.String()
	}
	return "node " + name
}

// String says who must answer, and how often.
func (t *Throughout) String() string {
	return fmt.Sprintf("Service %s, port %d, answers at least %d of 100 requests for %s, also for the %s after", t.Service, t.Port, t.Answers, t.Path, t.For)
}

// String says what happens to the GPU.
func (g *GPUFault) String() string {
	which := fmt.Sprintf("GPU %d", g.Index)
	if g.Node != "" {
		which += " of node " + g.Node
	}
	if g.Pod != "" {
		which = "the first GPU of Pod " + g.Pod
	}
	switch g.Kind {
	case "heal":
		return "heals " + which
	case "plugin-crash":
		return "crashes the device plugin of the node of " + which
	case "xid":
		return fmt.Sprintf("breaks %s: Xid %d", which, g.Xid)
	}
	return "breaks " + which + ": " + g.Kind
}

func container(pod, name string) string {
	if name == "" {
		return "Pod " + pod
	}
	return fmt.Sprintf("Pod %s, container %s", pod, name)
}
