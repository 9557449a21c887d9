package want

// Mismatch is one place where an observed object is not what was wanted.
type Mismatch struct {
	// Path is where, such as spec.containers.web.image.
	Path string `json:"path"`
	// Want is the wanted value or constraint, as the author would write it, or in
	// words: (absent), (present), matching "^web".
	Want string `json:"want"`
	// Got is the observed value, or (missing), and which names there are if it is one
	// that is missing.
	Got string `json:"got"`
	// Why is the reason where Want and Got do not tell it, such as a value
	// that a reference asks for.
	Why string `json:"why,omitempty"`
}

// missing is what was observed where there is nothing.
const missing = "(missing)"

// String is one line for a learner.
func (m Mismatch) String() string {
	s := m.Path + ": want " + m.Want + ", got " + m.Got
	if m.Why != "" {
		s += " (" + m.Why + ")"
	}
	return s
}
