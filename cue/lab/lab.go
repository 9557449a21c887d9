// Package lab is the lab language: a folder with lab.cue and Markdown lessons
// goes in, a checked [Lab] comes out. The shape is schema.cue; the structs here
// mirror it. Whoever holds a Lab can rely on it: every check has exactly one
// kind, every need names a check, every want was compared with the Kubernetes
// types, every lesson exists.
//
//	l, err := lab.Load(os.DirFS("labs/first-pod"), "labs/first-pod")
//	if err != nil {
//		return err // a lab.Errors: file, line, field, what to write instead
//	}
//	for _, s := range l.Steps { fmt.Println(s.ID, len(s.Checks)) }
package lab

import (
	"io/fs"
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/want"
)

// Lab is a loaded lab. It is immutable and safe for concurrent use.
type Lab struct {
	// ID is the name of the lab's folder.
	ID string
	// Dir is the folder as the user named it, for messages.
	Dir string
	// Digest is "sha256:" and the hex digest over the names and contents of
	// all files of the lab.
	Digest string
	// FS is the lab's folder.
	FS fs.FS

	Title, Summary, Level string
	Minutes               int
	Topics                []string
	Needs                 Needs
	Steps                 []Step
	// Solutions are the names of the folders under solutions/, sorted.
	Solutions []string
	Mistakes  map[string]Mistake
}

// Step is a page of the lab with its checks.
type Step struct {
	ID string
	// File is the lesson's path within the lab, "01-create.md".
	File   string
	Lesson []byte
	Checks []Check
}

// Script is the name of a step's shell script within a solution or a mistake.
func (s Step) Script() string {
	return s.File[:len(s.File)-len(".md")] + ".sh"
}

// Check is one fact about the cluster. Exactly one of Object, Logs and Exec is
// set. With Object exactly one of Want, Seen and Gone is; with Exec it is Want.
type Check struct {
	ID, Title string
	Points    int
	Needs     []string
	// Holds is how long the condition must stay true; 0 means an instant.
	Holds time.Duration
	Why   string
	Next  string
	Hints []string

	Object *Object
	Logs   *Logs
	Exec   *Exec

	Want *want.Constraint
	Seen []want.Constraint
	Gone bool
}

// Object names the object that a check is about, in the lab's namespace.
type Object struct {
	GVK  schema.GroupVersionKind
	Name string
}

// Logs asks for a line in the log of a container. Container is empty for the
// only container of the Pod.
type Logs struct {
	Pod, Container string
	Match          *regexp.Regexp
}

// Exec runs a command in a container and compares its result, viewed as
// {exitCode: int, stdout: string, stderr: string}, with the check's Want.
type Exec struct {
	Pod, Container string
	Command        []string
}

// Mistake is a typical wrong answer, told apart by the check that catches it.
type Mistake struct {
	Fails  string `json:"fails"`
	Belief string `json:"belief"`
}

// Checks yields every check of the lab in reading order.
func (l *Lab) Checks() []*Check {
	var out []*Check
	for i := range l.Steps {
		for j := range l.Steps[i].Checks {
			out = append(out, &l.Steps[i].Checks[j])
		}
	}
	return out
}

// Step returns the index of the step with the given id, or -1.
func (l *Lab) Step(id string) int {
	for i, s := range l.Steps {
		if s.ID == id {
			return i
		}
	}
	return -1
}

// Points is what the lab is worth in all.
func (l *Lab) Points() (n int) {
	for _, c := range l.Checks() {
		n += c.Points
	}
	return n
}
