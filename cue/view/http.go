package view

import "reflect"

// HTTP is the answer to a request, as a constraint sees it. Status is 0, and the
// rest empty, if nobody answered.
type HTTP struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
	// Headers are those of the answer, their names in lower case; of several
	// with one name the first.
	Headers map[string]string `json:"headers"`
}

// View is the view of h: status, body and headers, always all three.
func (h HTTP) View() map[string]any {
	b := &builder{}
	return b.structure(reflect.ValueOf(h))
}

// ShapeOfHTTP describes [HTTP.View].
func ShapeOfHTTP() *Shape { return ShapeOfType(reflect.TypeFor[HTTP]()) }
