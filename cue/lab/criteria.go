package lab

import (
	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/want"
)

// criteria reads the parts of what a check wants; all of them together are its
// want.
func (d *decoder) criteria(c *Check, in rawCheck, p string) {
	if c.Object == nil && c.Exec == nil && c.HTTP == nil || c.Gone || len(c.Seen) > 0 || d.has(p+".want") || in.Fault != nil {
		d.add(d.pos(p+".criteria"), p+".criteria", "criteria stand in for the want of an object, exec or http, without a fault")
		return
	}
	sum, whole := 0, d.wants
	for i, x := range in.Criteria {
		at := p + "." + criterionPath(i) + ".want"
		c.Criteria = append(c.Criteria, Criterion{Title: x.Title, Points: x.Points, Want: d.constraint(at, c.shape)})
		sum += x.Points
		if part := d.wants.LookupPath(cue.ParsePath(at)); i == 0 {
			whole = part
		} else {
			whole = whole.Unify(part)
		}
	}
	// 1 is what the schema gives to a check that does not say.
	if in.Points != 1 && in.Points != sum {
		d.add(d.pos(p+".points"), p+".points", "the criteria are worth %d points together: leave points out", sum)
	}
	c.Points, c.Want = sum, &want.Constraint{}
	if len(d.es) > 0 || !whole.Exists() {
		return // what is wrong with a part has been said
	}
	err := whole.Err()
	if err == nil {
		var all want.Constraint
		all, err = want.New(whole)
		c.Want = &all
	}
	if err != nil { // each is right by itself
		d.add(d.pos(p+".criteria"), p+".criteria", "no state can meet all criteria: %v", err)
	}
}
