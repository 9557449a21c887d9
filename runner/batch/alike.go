package batch

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner/batch/submission"
)

const (
	// enough lines that the task does not dictate, and share of them, make two
	// submissions worth a look.
	enough = 4
	share  = 0.6
	// shown is how many of them are listed.
	shown = 8
)

// writing is what a student wrote that the lab does not: its lines, and who they are.
type writing struct {
	id    string
	lines map[string]bool
	text  string
}

// alike looks for work that is more alike than the task makes it, and for values of
// one student in the work of another.
func alike(l *lab.Lab, students []class.Student, entries []Entry) (pairs []class.Alike, questions map[string][]string) {
	given := dictated(l)
	var all []writing
	spread := map[string]int{} // in how many submissions a line is
	seeds := map[string]string{}
	for _, s := range students {
		seeds[s.ID] = s.Seed
	}
	for _, e := range entries {
		if e.Path == "" {
			continue
		}
		sub, err := submission.Open(e.Path)
		if err != nil {
			continue // its row says so
		}
		w := writing{id: e.ID, lines: map[string]bool{}}
		for _, f := range sub.Files {
			w.text += string(f.Data) + "\n"
			for line := range strings.Lines(string(f.Data)) {
				if line = squeeze(line); line != "" && !given[line] {
					w.lines[line] = true
				}
			}
		}
		if b := sub.Evidence; b != nil {
			w.lines["evidence "+b.Digest] = true
		}
		for line := range w.lines {
			spread[line]++
		}
		all = append(all, w)
	}
	// What a twentieth of the class writes is what people write.
	rare := max(2, len(all)/20)
	for i := range all {
		for line := range all[i].lines {
			if spread[line] > rare {
				delete(all[i].lines, line)
			}
		}
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if p, ok := compare(a, b); ok {
				pairs = append(pairs, p)
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b class.Alike) int { return int(1000*b.Share) - int(1000*a.Share) })
	return pairs, foreign(l, all, seeds)
}

func compare(a, b writing) (class.Alike, bool) {
	var both []string
	for line := range a.lines {
		if b.lines[line] {
			both = append(both, line)
		}
	}
	least := min(len(a.lines), len(b.lines))
	evidence := slices.ContainsFunc(both, func(l string) bool { return strings.HasPrefix(l, "evidence sha256:") })
	if !evidence && (len(both) < enough || float64(len(both)) < share*float64(least)) {
		return class.Alike{}, false
	}
	slices.Sort(both)
	p := class.Alike{A: a.id, B: b.id, Share: float64(len(both)) / float64(max(least, 1))}
	if evidence {
		p.Share, p.Why = 1, []string{"it is the same recording"}
		return p, true
	}
	p.Why = []string{fmt.Sprintf("%d lines that neither the lab nor others have:", len(both))}
	for i, line := range both {
		if i == shown {
			p.Why = append(p.Why, fmt.Sprintf("and %d more", len(both)-shown))
			break
		}
		p.Why = append(p.Why, line)
	}
	return p, true
}

// squeeze is a line without what is only for the eye.
func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

// dictated are the lines that the lab itself has: lessons, manifests, solutions. What
// every manifest has is no answer either.
func dictated(l *lab.Lab) map[string]bool {
	out := map[string]bool{"---": true, "metadata:": true, "spec:": true, "containers:": true}
	_ = fs.WalkDir(l.FS, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // what cannot be read dictates nothing
		}
		switch path.Ext(p) {
		case ".md", ".yaml", ".yml", ".json", ".sh", ".cue", ".txt", ".conf":
			raw, err := fs.ReadFile(l.FS, p)
			if err != nil {
				return nil
			}
			for line := range strings.Lines(string(raw)) {
				out[squeeze(line)] = true
			}
		}
		return nil
	})
	return out
}

// foreign finds values of params that another student was given in the work of one
// who was given others.
func foreign(l *lab.Lab, all []writing, seeds map[string]string) map[string][]string {
	if len(l.Params) == 0 {
		return nil
	}
	values := map[string]map[string]string{} // by student and param
	owners := map[string][]string{}          // by param and value
	for _, w := range all {
		own, err := l.For(seeds[w.id])
		if err != nil {
			continue
		}
		values[w.id] = map[string]string{}
		for _, p := range own.Params {
			values[w.id][p.Name] = p.String()
			owners[p.Name+"\x00"+p.String()] = append(owners[p.Name+"\x00"+p.String()], w.id)
		}
	}
	out := map[string][]string{}
	for _, w := range all {
		words := map[string]bool{}
		for _, f := range strings.FieldsFunc(w.text, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.')
		}) {
			words[f] = true
		}
		for key, whose := range owners {
			param, value, _ := strings.Cut(key, "\x00")
			// Values that many have, and short ones, come up by themselves.
			if len(value) < 4 || len(whose) > 2 || values[w.id][param] == value || !words[value] || words[values[w.id][param]] {
				continue
			}
			out[w.id] = append(out[w.id], fmt.Sprintf("it has %s, the value of %s that %s was given, and not %s, its own", value, param, strings.Join(whose, " and "), values[w.id][param]))
		}
		slices.Sort(out[w.id])
	}
	return out
}
