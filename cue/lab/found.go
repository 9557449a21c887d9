package lab

// asFound reports a check that counts as it is found and cannot: what it looks at must
// be an object, at one moment.
func (d *decoder) asFound(c *Check, in rawCheck, p string) {
	once := c.Object != nil && len(in.Criteria)+len(c.Seen) == 0 && c.Never == nil && c.Holds+c.Within == 0 && in.Fault == nil
	if c.AsFound && (!once || len(c.Needs) == 0) {
		d.add(d.pos(p+".asFound"), p+".asFound", "what counts as it is found is an object, once: write asFound beside object, want or gone, and needs, and nothing else")
	}
}
