package want

// Whole is c, compared with all of an object.
func (c Constraint) Whole() Constraint { return Constraint{v: c.v} }

// Plain tells whether c is compared with the fields that it names only.
func (c Constraint) Plain() bool { return c.named != nil }

// Look is what a quick look at the values says, if it is known.
func (c Constraint) Look(view map[string]any) (met, known bool) {
	if c.named == nil {
		return false, false
	}
	a := c.named.met(view)
	return a == yes, a != unknown
}
