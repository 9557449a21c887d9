package lab

import (
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// Check is one fact that a learner brings about: a [Condition] of the cluster,
// or the answer to a question.
type Check struct {
	ID, Title string
	Points    int
	Needs     []string
	// AsFound tells that the condition counts at the moment only at which the needs
	// are met.
	AsFound bool
	// Within is how long the condition may take; 0 means that it was not said.
	Within time.Duration
	Why    string
	Next   string
	Hints  []Hint

	Condition
	// Criteria are the parts of Want that are worth something by themselves; none
	// where it is all or nothing.
	Criteria []Criterion
	// Quiz is set instead of a condition.
	Quiz *Quiz
	// Fault is injected once the condition is met; what must be true of its
	// subject then is After.
	Fault *Fault
	After *want.Constraint
	// Throughout is who must go on answering meanwhile; nil where nobody has to.
	Throughout *Throughout

	shape *view.Shape
}

// Condition is something that can be observed. Exactly one of Object, Events,
// Logs, Exec and HTTP is set. With Object one of Want, Seen and Gone is, with
// Events, Exec and HTTP it is Want; before a fault Want may be missing.
type Condition struct {
	Object *Object
	Events *Events
	Logs   *Logs
	Exec   *Exec
	HTTP   *HTTP

	Want *want.Constraint
	Seen []want.Constraint
	Gone bool
	// Never is what the object must not have been since it was made.
	Never *want.Constraint
	// Holds is how long Want (or After) must stay met; 0 means an instant.
	Holds time.Duration
}

// Criterion is a part of a check's want.
type Criterion struct {
	Title  string
	Points int
	Want   *want.Constraint
}

// Object names an object in the lab's namespace, or one without a namespace.
type Object struct {
	GVK  schema.GroupVersionKind
	Name string
}

// Events are those about an object, or, with an empty Name, about all of a kind.
type Events struct {
	Kind schema.GroupKind
	Name string
}

// Logs asks for a line in the log of a container. Container is empty for the
// only container of the Pod.
type Logs struct {
	Pod, Container string
	Match          *regexp.Regexp
}

// Exec runs a command in a container; its result is seen as a [view.Exec].
type Exec struct {
	Pod, Container string
	Command        []string
}

// HTTP is a request through the API server to the port of a Service, or of a
// Pod; one of the two is set. The answer is seen as a [view.HTTP].
type HTTP struct {
	Service, Pod string
	Port         int
	Method, Path string
	Body         string
}

// Quiz is a question. One of Answers and Field is set.
type Quiz struct {
	Question string
	Choices  []string // none for a question that is open
	Answers  []string
	Field    *Field

	own []string // the choices in the lab's own language, where others are shown
}

// Field is a field of an object, by its path in the object's view.
type Field struct {
	Object
	Path []string
}

// Hint is a hint for those whose last observation meets When (nil: for all), or,
// with Missing, for those who do not have the object.
type Hint struct {
	Text    string
	When    *want.Constraint
	Missing bool
}

// Takes is how long a check may take that is about to pass, as far as it says.
func (c *Check) Takes() time.Duration {
	d := c.Within + c.Holds
	if c.Fault != nil {
		d += c.Fault.Delay
	}
	if c.Throughout != nil {
		d += c.Throughout.For + asking
	}
	return d
}

// asking is how long it takes until a Service is asked, and until the last of it is known.
const asking = 5 * time.Second

// Kinds are the kinds that have to be watched to judge the condition.
func (c *Check) Kinds() (out []schema.GroupVersionKind) {
	pod := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	switch {
	case c.Object != nil:
		out = append(out, c.Object.GVK)
	case c.Events != nil:
		out = append(out, schema.GroupVersionKind{Version: "v1", Kind: "Event"})
	case c.HTTP != nil && c.HTTP.Service != "":
		out = append(out, schema.GroupVersionKind{Version: "v1", Kind: "Service"})
	case c.Quiz != nil:
		if c.Quiz.Field != nil {
			out = append(out, c.Quiz.Field.GVK)
		}
	default:
		out = append(out, pod)
	}
	return out
}

// Shape is what the check's wants are over; nil where there are none, or the
// kind is not known.
func (c *Check) Shape() *view.Shape { return c.shape }

// shapeIn is the check's Shape where these are the kinds.
func (c *Check) shapeIn(kinds *view.Kinds) *view.Shape {
	switch {
	case c.Object != nil:
		return kinds.ShapeOf(c.Object.GVK)
	case c.Events != nil:
		return kinds.ShapeOf(c.Kinds()[0])
	case c.Exec != nil:
		return view.ShapeOfExec()
	case c.HTTP != nil:
		return view.ShapeOfHTTP()
	}
	return nil
}

// Constraints are the wants of a check by the path that they have in lab.cue
// below the check.
func (c *Check) Constraints() map[string]*want.Constraint {
	out := map[string]*want.Constraint{}
	add := func(path string, w *want.Constraint) {
		if w != nil {
			out[path] = w
		}
	}
	if len(c.Criteria) == 0 {
		add("want", c.Want)
	}
	for i, x := range c.Criteria {
		add(criterionPath(i)+".want", x.Want)
	}
	add("never", c.Never)
	add("after", c.After)
	for i := range c.Seen {
		add(seenPath(i), &c.Seen[i])
	}
	for i := range c.Hints {
		add(whenPath(i), c.Hints[i].When)
	}
	return out
}
