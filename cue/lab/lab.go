// Package lab is the lab language: a folder with lab.cue and Markdown lessons
// goes in, a checked [Lab] comes out. The shape is schema.cue; the structs here
// mirror it. Whoever holds a Lab can rely on it: every check is about exactly one
// thing, every need names a check, every want was compared with the Kubernetes
// types, every lesson exists.
//
//	l, err := lab.Load(os.DirFS("labs/first-pod"), "labs/first-pod")
//	if err != nil {
//		return err // a lab.Errors: file, line, field, what to write instead
//	}
//	for _, s := range l.Steps { fmt.Println(s.ID, len(s.Checks)) }
//
// A lab with params is the same for all until [Lab.For] makes it one learner's,
// and in the language of its author until [Lab.In] translates it.
package lab

import (
	"io/fs"
	"time"

	"podlab.dev/podlab/cue/view"
)

// Lab is a loaded lab. It is immutable and safe for concurrent use.
type Lab struct {
	// ID is the name of the lab's folder.
	ID string
	// Dir is the folder as the user named it, for messages.
	Dir string
	// Digest is "sha256:" and the hex digest over the names and contents of
	// all files of the lab, before params are filled in.
	Digest string
	// FS is the lab's folder, with params filled in.
	FS fs.FS
	// Lang is the language that the texts are in, as a BCP 47 tag; empty for
	// the language of the lab itself. Languages are those that it has besides.
	Lang      string
	Languages []string

	Title, Summary, Level string
	Minutes               int
	Exam                  *Exam // nil: it is none
	Submissions           Submissions
	Topics                []string
	Needs                 Needs
	Params                []Param // sorted by name
	Steps                 []Step
	// CRDs are the files under crds/, sorted: the cluster gets them before the lab
	// starts. Kinds are the built-in kinds and theirs.
	CRDs  []string
	Kinds *view.Kinds
	// Solutions are the names of the folders under solutions/, sorted.
	Solutions []string
	Mistakes  map[string]Mistake
	// Silenced are the rules of lint that the lab may break, with the reason.
	Silenced map[string]string
	// Survivors are the mutants of solutions that no check has to catch, with the
	// reason.
	Survivors map[string]string

	origin       fs.FS // the folder as it is
	translations map[string]translation
	untranslated *Lab // nil if this is it
}

// Exam is how long an exam lasts.
type Exam struct {
	Minutes int `json:"minutes"`
}

// Step is a page of the lab with its checks.
type Step struct {
	ID string
	// File is the lesson's path within the lab, "01-create.md".
	File   string
	Lesson []byte
	// Setup is nil where nothing is prepared.
	Setup  *Setup
	Checks []Check
}

// Setup is what podlab prepares for a page: files that are applied, and what
// must be seen then.
type Setup struct {
	Manifests []string
	// Faults are broken after that.
	Faults []*Fault
	// Symptoms are checks without points; their IDs are "STEP/setup[N]".
	Symptoms []Check
}

// Longest is how long a page's checks may ask to be waited for.
func (s Step) Longest() (d time.Duration) {
	for _, c := range s.Checks {
		d = max(d, c.Takes())
	}
	return d
}

// Script is the name of a step's shell script within a solution or a mistake.
func (s Step) Script() string {
	return s.File[:len(s.File)-len(".md")] + ".sh"
}

// Page is the path of the lesson in a language: 01-create.zh.md.
func (s Step) Page(lang string) string {
	if lang == "" {
		return s.File
	}
	return s.File[:len(s.File)-len("md")] + lang + ".md"
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

// Conditions yields all that has to be observed: the checks of the lab and the
// symptoms of its setups.
func (l *Lab) Conditions() []*Check {
	out := l.Checks()
	for i := range l.Steps {
		if setup := l.Steps[i].Setup; setup != nil {
			for j := range setup.Symptoms {
				out = append(out, &setup.Symptoms[j])
			}
		}
	}
	return out
}

// Check is the check with the given id, or nil.
func (l *Lab) Check(id string) *Check {
	for _, c := range l.Checks() {
		if c.ID == id {
			return c
		}
	}
	return nil
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

// Source is the lab's folder as it is, before params are filled in.
func (l *Lab) Source() fs.FS { return l.origin }
