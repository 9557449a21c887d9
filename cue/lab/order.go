package lab

import (
	"fmt"
	"strings"

	"podlab.dev/podlab/cue/view"
)

// needs checks that every need names a check and that none needs itself.
func (d *decoder) needs(l *Lab) {
	where, byID := map[string]string{}, map[string]*Check{}
	for i := range l.Steps {
		for j := range l.Steps[i].Checks {
			c := &l.Steps[i].Checks[j]
			byID[c.ID], where[c.ID] = c, fmt.Sprintf("steps[%d].checks[%d].needs", i, j)
		}
	}
	const visiting, done = 1, 2
	state := map[string]int{}
	var visit func(c *Check, trail []string)
	visit = func(c *Check, trail []string) {
		trail = append(trail, c.ID)
		switch state[c.ID] {
		case done:
			return
		case visiting:
			d.add(d.pos(where[c.ID]), where[c.ID], "needs go in a circle: %s", strings.Join(trail, " → "))
			return
		}
		state[c.ID] = visiting
		for k, n := range c.Needs {
			if byID[n] == nil {
				p := fmt.Sprintf("%s[%d]", where[c.ID], k)
				d.add(d.pos(p), p, "%s", d.unknown(n, l))
				continue
			}
			visit(byID[n], trail)
		}
		state[c.ID] = done
	}
	for _, c := range l.Checks() {
		visit(c, nil)
	}
}

func (d *decoder) unknown(id string, l *Lab) string {
	var ids []string
	for _, c := range l.Checks() {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		return fmt.Sprintf("no check has the id %q; the lab has no checks", id)
	}
	if near := view.Nearest(id, ids); near != "" {
		return fmt.Sprintf("no check has the id %q; did you mean %q?", id, near)
	}
	return fmt.Sprintf("no check has the id %q; there are %s", id, strings.Join(ids, ", "))
}
