package submission

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
)

// Work is what a submission has to say, page by page.
type Work struct {
	// Pages are one for each step of the lab, in its order.
	Pages []Page
}

// Page is what is to be done at one page.
type Page struct {
	Step string
	// Delete, Apply and Resize are done in this order, each in the order of files and
	// documents.
	Delete  []Object
	Apply   []Object
	Resize  []Object // Pods that run get other resources
	Answers []Answer
}

// Object is one that the rules allow. It has no namespace and nothing that only a
// cluster writes; one to delete has its apiVersion, kind and name only.
type Object struct {
	File string
	*unstructured.Unstructured
}

// Answer is the answer to a question.
type Answer struct {
	File, Check, Text string
}

// Work reads the manifests and answers of a submission to a lab. What the rules do
// not allow is not in it, and is a refusal. A file that has mistakes loses the
// documents that have them; an object is taken whole or not at all.
func (s *Submission) Work(l *lab.Lab, rules Rules) (*Work, []class.Refusal) {
	w := &worker{lab: l, wrap: s.wrap, judge: newJudge(l, rules), work: &Work{}, answered: map[string]string{}}
	for _, step := range l.Steps {
		w.work.Pages = append(w.work.Pages, Page{Step: step.ID})
	}
	for _, f := range s.Files {
		if w.objects > maxObjects {
			break // it was told
		}
		if name := path.Base(f.Name); strings.TrimSuffix(name, path.Ext(name)) == "answers" {
			w.answers(f)
			continue
		}
		w.manifest(f)
	}
	return w.work, w.refusals.list()
}

// worker reads the files of one submission.
type worker struct {
	lab      *lab.Lab
	wrap     []string
	judge    *judge
	reader   reader
	work     *Work
	objects  int
	answered map[string]string // the file, by the check
	prepared [][]string        // see setups
	refusals refusals
}

func (w *worker) refuse(f File, object, why string) {
	w.refusals.add(class.Refusal{File: f.Name, Object: object, Why: why})
}

// manifest reads the objects of a file.
func (w *worker) manifest(f File) {
	n, named := w.page(f.Name)
	verb := path.Ext(strings.TrimSuffix(f.Name, path.Ext(f.Name)))
	for i, d := range w.reader.documents(f) {
		nth := fmt.Sprintf("document %d", i+1)
		if d.err != nil {
			w.refuse(f, nth, d.err.Error())
			continue
		}
		objects, why := unfold(d.value)
		if why != "" {
			w.refuse(f, nth, why)
			continue
		}
		for _, x := range objects {
			if w.objects++; w.objects > maxObjects {
				w.refuse(f, "", fmt.Sprintf("the submission has more than %d objects; those from here on were not read, so hand in what the task asks for only", maxObjects))
				return
			}
			obj := &unstructured.Unstructured{Object: x}
			title := titleOf(obj, nth)
			var why []string
			switch verb {
			case ".delete":
				obj, why = w.judge.deletion(obj)
			case ".resize":
				why = w.judge.resize(obj)
			default:
				why = w.judge.object(obj)
			}
			for _, line := range why {
				w.refuse(f, title, line)
			}
			if len(why) > 0 {
				continue
			}
			page := &w.work.Pages[n]
			if !named {
				page = &w.work.Pages[w.about(obj)]
			}
			switch verb {
			case ".delete":
				page.Delete = append(page.Delete, Object{f.Name, obj})
			case ".resize":
				page.Resize = append(page.Resize, Object{f.Name, obj})
			default:
				page.Apply = append(page.Apply, Object{f.Name, obj})
			}
		}
	}
}

// unfold is the objects of a document: one, or those of a List.
func unfold(v any) (objects []map[string]any, why string) {
	const none = "is no object of Kubernetes; it needs apiVersion, kind and metadata"
	x, ok := v.(map[string]any)
	if !ok {
		return nil, none
	}
	if x["kind"] != "List" || x["apiVersion"] != "v1" {
		return []map[string]any{x}, ""
	}
	items, ok := x["items"].([]any)
	if !ok {
		return nil, "is a List without items; take it out"
	}
	for _, item := range items {
		x, ok := item.(map[string]any)
		if !ok {
			return nil, "is a List with an item that " + none
		}
		objects = append(objects, x)
	}
	return objects, ""
}

// titleOf is what an object is called in a refusal: "Pod web".
func titleOf(obj *unstructured.Unstructured, otherwise string) string {
	kind, _, _ := unstructured.NestedString(obj.Object, "kind")
	name, _, _ := unstructured.NestedString(obj.Object, "metadata", "name")
	if name == "" {
		name, _, _ = unstructured.NestedString(obj.Object, "metadata", "generateName")
	}
	if title := strings.TrimSpace(kind + " " + name); title != "" {
		return clip(title)
	}
	return otherwise
}

// page is the index of the page that a file belongs to, by its outermost folder
// that names one, or by its own name.
func (w *worker) page(name string) (n int, named bool) {
	for e := range strings.SplitSeq(name, "/") {
		if n := w.named(e); n >= 0 {
			return n, true
		}
	}
	for _, e := range w.wrap { // all that was handed in was for one page
		for i, s := range w.lab.Steps {
			if e == stemOf(s) {
				return i, true
			}
		}
	}
	return 0, false
}

// about is the page that an object belongs to whose file names none: the first that
// prepares or checks it, or else the first.
func (w *worker) about(obj *unstructured.Unstructured) int {
	gk := obj.GroupVersionKind().GroupKind()
	for i, s := range w.lab.Steps {
		if slices.Contains(w.setups()[i], gk.String()+"/"+obj.GetName()) {
			return i
		}
		for _, c := range s.Checks {
			if c.Object != nil && c.Object.GVK.GroupKind() == gk && c.Object.Name == obj.GetName() {
				return i
			}
		}
	}
	return 0
}

// setups are what the pages prepare, as KIND.GROUP/NAME.
func (w *worker) setups() [][]string {
	if w.prepared != nil {
		return w.prepared
	}
	w.prepared = make([][]string, len(w.lab.Steps))
	for i, s := range w.lab.Steps {
		if s.Setup == nil {
			continue
		}
		for _, file := range s.Setup.Manifests {
			data, err := fs.ReadFile(w.lab.FS, file)
			if err != nil {
				continue // whoever prepares the page says so
			}
			for _, d := range (&reader{}).documents(File{Name: file, Data: data}) {
				objects, _ := unfold(d.value)
				for _, x := range objects {
					obj := &unstructured.Unstructured{Object: x}
					w.prepared[i] = append(w.prepared[i], obj.GroupVersionKind().GroupKind().String()+"/"+obj.GetName())
				}
			}
		}
	}
	return w.prepared
}

// named is the page that a file's or folder's name speaks of, or -1: it begins with
// the name of the page's script, or with its number, or is the step's id.
func (w *worker) named(e string) int {
	e = strings.TrimSuffix(e, path.Ext(e))
	e = strings.TrimSuffix(strings.TrimSuffix(e, ".delete"), ".resize")
	best, length := -1, 0
	for i, s := range w.lab.Steps {
		if stem := stemOf(s); begins(e, stem) && len(stem) > length {
			best, length = i, len(stem)
		}
	}
	if best >= 0 {
		return best
	}
	for i, s := range w.lab.Steps {
		if n := number(stemOf(s)); n != "" && number(e) == n {
			return i
		}
	}
	return w.lab.Step(e)
}

// stemOf is what files for a page are called: 02-manifest.
func stemOf(s lab.Step) string { return strings.TrimSuffix(s.Script(), ".sh") }

// number are the digits that a name begins with.
func number(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// begins tells whether a name begins with words, and not within one.
func begins(name, words string) bool {
	rest, ok := strings.CutPrefix(name, words)
	return ok && (rest == "" || strings.ContainsRune("-_. ", rune(rest[0])))
}

// answers reads a map from questions to answers. An answer is taken as it is
// written: 1.30 is not 1.3, and no is not false.
func (w *worker) answers(f File) {
	n, err := parse(f.Data)
	if err != nil {
		w.refuse(f, "", err.Error())
		return
	}
	if n == nil {
		return // it is empty
	}
	if len(n.Content) != 1 || n.Content[0].Kind != yaml.MappingNode {
		w.refuse(f, "", "is no map of questions and answers; write a line for each, as in restarts: \"3\"")
		return
	}
	pairs := n.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		w.answer(f, pairs[i], pairs[i+1])
	}
}

func (w *worker) answer(f File, key, value *yaml.Node) {
	id := key.Value
	at := slices.IndexFunc(w.lab.Steps, func(s lab.Step) bool {
		return slices.ContainsFunc(s.Checks, func(c lab.Check) bool { return c.ID == id && c.Quiz != nil })
	})
	before, again := w.answered[id]
	text := strings.TrimSpace(value.Value)
	switch {
	case key.Kind != yaml.ScalarNode || at < 0:
		w.refuse(f, clip(id), "is no question of this lab; "+w.questions())
	case again:
		w.refuse(f, id, "is answered a second time; the answer in "+before+" was taken, so keep one of the two")
	case value.Kind != yaml.ScalarNode || value.Tag == "!!null" || text == "":
		w.refuse(f, id, "has no plain text for an answer; write it behind the colon, in quotes")
	case len(text) > maxAnswer:
		w.refuse(f, id, fmt.Sprintf("is answered with more than %d KiB; make it shorter", maxAnswer>>10))
	default:
		w.answered[id] = f.Name
		page := &w.work.Pages[at]
		page.Answers = append(page.Answers, Answer{f.Name, id, text})
	}
}

// questions says which there are.
func (w *worker) questions() string {
	ids := map[string]bool{}
	for _, c := range w.lab.Checks() {
		if c.Quiz != nil {
			ids[c.ID] = true
		}
	}
	if len(ids) == 0 {
		return "it asks none"
	}
	return "there are " + strings.Join(slices.Sorted(maps.Keys(ids)), ", ")
}
