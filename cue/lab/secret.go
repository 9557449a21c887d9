package lab

// secretData is the field of a Secret whose values a timeline does not have: it
// has only what tells whether they equal one that is known.
const secretData = "data"

func (o *Object) secret() bool { return o.GVK.Kind == "Secret" && o.GVK.Group == "" }

// secrets refuses what asks of the value of a Secret more than can be told.
func (d *decoder) secrets(c *Check, p string) {
	if q := c.Quiz; q != nil && q.Field != nil && q.Field.secret() && len(q.Field.Path) > 0 && q.Field.Path[0] == secretData {
		d.add(d.pos(p+".quiz.field"), p+".quiz.field", "values of Secrets are not recorded, so a question cannot be about one")
	}
	if c.Object == nil || !c.Object.secret() {
		return
	}
	for path, w := range c.Constraints() {
		if _, ok := w.Values(secretData); !ok {
			d.add(d.pos(p+"."+path), p+"."+path, "values of Secrets are not recorded: data can only be wanted to equal a value, one of several, or to be there")
		}
	}
}

// SecretValues are the values that the lab's checks compare those of Secrets
// with.
func (l *Lab) SecretValues() (out []string) {
	for _, c := range l.Conditions() {
		if c.Object == nil || !c.Object.secret() {
			continue
		}
		for _, w := range c.Constraints() {
			values, _ := w.Values(secretData)
			out = append(out, values...)
		}
	}
	return out
}
