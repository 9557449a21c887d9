// Package fields cuts a JSON object into its fields without making anything of what
// is in them. What a cluster writes is read many times over, and of most of it nothing
// has to be known but that it is JSON, and where it ends.
//
//	for s := fields.Of(object); s.Next(); {
//		s.Name, s.Value // "spec", {"containers":[…]}
//	}
package fields

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrMalformed says that something is no JSON object.
var ErrMalformed = errors.New("it is no JSON object")

// Scanner goes through the fields of an object, in the order in which they stand
// there.
type Scanner struct {
	// Name and Value are those of the field that Next came to. Value is a part of
	// the object, without the space around it, as is Quoted, the name in JSON.
	Name          string
	Quoted, Value []byte
	// At is where in the object the value begins.
	At int
	// Err says that this is no JSON object. What was handed over until then is JSON.
	Err error

	all []byte
	in  jsontext.Decoder
}

// Of is a scanner before the first field of an object.
func Of(object []byte) *Scanner {
	s := &Scanner{all: object}
	// Names that are there twice, and bytes that are no text, encoding/json takes as well.
	s.in.Reset(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := s.in.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		s.Err = ErrMalformed
	} else if s.in.PeekKind() == jsontext.KindEndObject {
		s.end()
	}
	return s
}

// Next goes to the next field, and reports whether there is one.
func (s *Scanner) Next() bool {
	if s.in.StackDepth() == 0 || s.Err != nil {
		return false
	}
	var ok bool
	if s.Quoted, ok = s.read(); !ok {
		return false
	}
	// Its error is of bytes that are no text, which the name has as encoding/json has them.
	name, _ := jsontext.AppendUnquote(nil, s.Quoted)
	s.Name = string(name)
	if s.Value, ok = s.read(); !ok {
		return false
	}
	s.At = int(s.in.InputOffset()) - len(s.Value)
	switch s.in.PeekKind() {
	case jsontext.KindString:
	case jsontext.KindEndObject:
		s.end()
	default:
		s.Err = ErrMalformed
	}
	return s.Err == nil
}

// read is the next value, where it stands in the object.
func (s *Scanner) read() ([]byte, bool) {
	v, err := s.in.ReadValue()
	if err != nil {
		s.Err = ErrMalformed
		return nil, false
	}
	to := int(s.in.InputOffset())
	return s.all[to-len(v) : to : to], true
}

// end finds out whether anything follows the object.
func (s *Scanner) end() {
	if _, err := s.in.ReadToken(); err != nil {
		s.Err = ErrMalformed
	} else if _, err := s.in.ReadToken(); !errors.Is(err, io.EOF) {
		s.Err = ErrMalformed
	}
}
