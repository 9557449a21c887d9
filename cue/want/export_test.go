package want

// Whole is c, compared with all of an object.
func (c Constraint) Whole() Constraint { return Constraint{v: c.v} }

// Plain tells whether c is compared with the fields that it names only.
func (c Constraint) Plain() bool { return c.named != nil }
