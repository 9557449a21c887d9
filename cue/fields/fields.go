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
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
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
	if !s.value(1) {
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

// deepest is how deep encoding/json looks, too.
const deepest = 10_000

// value goes behind the value that begins here, and reports whether it is one.
func (s *Scanner) value(depth int) bool {
	if s.at == len(s.all) {
		return false
	}
	switch c := s.all[s.at]; {
	case depth == deepest && (c == '{' || c == '['):
		return false
	case c == '"':
		return s.text()
	case c == '{':
		return s.several('}', func() bool {
			if !s.text() || s.space() != ':' {
				return false
			}
			s.at++
			s.space()
			return s.value(depth + 1)
		})
	case c == '[':
		return s.several(']', func() bool { return s.value(depth + 1) })
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.number()
}

// several goes behind all that stands between a bracket and its end.
func (s *Scanner) several(end byte, one func() bool) bool {
	s.at++
	if s.space() == end {
		s.at++
		return true
	}
	for one() {
		switch s.space() {
		case end:
			s.at++
			return true
		case ',':
			s.at++
			s.space()
		default:
			return false
		}
	}
	return false
}

func (s *Scanner) word(word string) bool {
	if !bytes.HasPrefix(s.all[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// text goes behind the string that begins here.
func (s *Scanner) text() bool {
	if s.at == len(s.all) || s.all[s.at] != '"' {
		return false
	}
	for at := s.at + 1; at < len(s.all); at++ {
		switch c := s.all[at]; {
		case c == '"':
			s.at = at + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escaped(s.all[at+1:])
			if n == 0 {
				return false
			}
			at += n
		}
	}
	return false
}

// escaped is how much of b a backslash before it escapes; 0 where that is no escape.
func escaped(b []byte) int {
	switch {
	case len(b) == 0:
	case strings.IndexByte(`"\/bfnrt`, b[0]) >= 0:
		return 1
	case b[0] == 'u' && len(b) > 4:
		for _, c := range b[1:5] {
			if !digit(c) && (c|' ' < 'a' || c|' ' > 'f') {
				return 0
			}
		}
		return 5
	}
	return 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// number goes behind the number that begins here.
func (s *Scanner) number() bool {
	s.sign("-")
	if s.at < len(s.all) && s.all[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.sign(".") && !s.digits() {
		return false
	}
	if s.sign("eE") {
		s.sign("+-")
		return s.digits()
	}
	return true
}

// sign goes behind one of these bytes, if there is one.
func (s *Scanner) sign(of string) bool {
	if s.at < len(s.all) && strings.IndexByte(of, s.all[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

func (s *Scanner) digits() bool {
	from := s.at
	for s.at < len(s.all) && digit(s.all[s.at]) {
		s.at++
	}
	return s.at > from
}
