// Package fields cuts a JSON object into its fields without reading what is in
// them. What a cluster writes is read many times over, and of most of it nothing
// but where it ends has to be known.
//
//	for s := fields.Of(object); s.Next(); {
//		s.Name, s.Value // "spec", {"containers":[…]}
//	}
package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// ErrMalformed says that something is no JSON object, as far as it was looked at.
var ErrMalformed = errors.New("it is no JSON object")

// Scanner goes through the fields of an object, in the order in which they stand
// there. Of what is no JSON some values may be no JSON either.
type Scanner struct {
	// Name and Value are those of the field that Next came to. Value is a part of
	// the object, without the space around it, as is Quoted, the name in JSON.
	Name          string
	Quoted, Value []byte
	// At is where in the object the value begins.
	At int
	// Err says that the object could not be read to its end.
	Err error

	all  []byte
	at   int
	last bool // nothing may follow
}

// Of is a scanner before the first field of an object.
func Of(object []byte) *Scanner {
	s := &Scanner{all: object}
	if s.space() != '{' {
		s.Err = ErrMalformed
	} else if s.at++; s.space() == '}' {
		s.at++
		s.end()
	}
	return s
}

// Next goes to the next field, and reports whether there is one.
func (s *Scanner) Next() bool {
	if s.last || s.Err != nil {
		return false
	}
	quoted := s.at
	name, ok := s.name()
	s.Quoted = s.all[quoted:s.at]
	if !ok || s.space() != ':' {
		s.Err = ErrMalformed
		return false
	}
	s.at++
	s.space()
	from := s.at
	if !s.value() {
		s.Err = ErrMalformed
		return false
	}
	s.Name, s.Value, s.At = name, s.all[from:s.at:s.at], from
	switch s.space() {
	case ',':
		s.at++
		s.space()
	case '}':
		s.at++
		s.end()
	default:
		s.Err = ErrMalformed
	}
	return s.Err == nil
}

// end finds out whether anything follows the object.
func (s *Scanner) end() {
	s.last = true
	if s.space(); s.at < len(s.all) {
		s.Err = ErrMalformed
	}
}

// space goes to the next byte that is none, and returns it; 0 at the end.
func (s *Scanner) space() byte {
	for ; s.at < len(s.all); s.at++ {
		switch c := s.all[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (s *Scanner) name() (name string, ok bool) {
	from := s.at
	if !s.text() {
		return "", false
	}
	quoted := s.all[from:s.at]
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1]), true
	}
	return name, json.Unmarshal(quoted, &name) == nil
}

// text goes behind the string that begins here.
func (s *Scanner) text() bool {
	if s.at == len(s.all) || s.all[s.at] != '"' {
		return false
	}
	for s.at++; s.at < len(s.all); s.at++ {
		switch s.all[s.at] {
		case '"':
			s.at++
			return true
		case '\\':
			s.at++ // what is escaped
		}
	}
	s.at = len(s.all)
	return false
}

// value goes behind the value that begins here.
func (s *Scanner) value() bool {
	from, depth := s.at, 0
	for s.at < len(s.all) {
		switch s.all[s.at] {
		case '"':
			if !s.text() {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // of the object around a number
				return s.at > from
			}
			if depth--; depth == 0 {
				s.at++
				return true
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.at > from
			}
		}
		s.at++
	}
	return false
}
