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
	case f.Exec != nil:
		return "runs " + f.Exec.String()
	}
	return "applies " + f.Apply
}

func container(pod, name string) string {
	if name == "" {
		return "Pod " + pod
	}
	return fmt.Sprintf("Pod %s, container %s", pod, name)
}
