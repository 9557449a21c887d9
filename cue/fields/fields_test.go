package fields_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"podlab.dev/podlab/cue/fields"
)

func TestOf(t *testing.T) {
	for _, test := range []struct{ object, want string }{
		{`{}`, ""},
		{" {\n} ", ""},
		{`{"a":1}`, "a=1"},
		{`{"a":-1.5e3,"b":true , "c" : null}`, "a=-1.5e3 b=true c=null"},
		{`{ "a" : {"b":["}","]"]} , "c":[[],{}] }`, `a={"b":["}","]"]} c=[[],{}]`},
		{`{"a":"\"}\\","b":""}`, `a="\"}\\" b=""`},
		{`{"\u0061\"":1}`, `a"=1`},
		{`{"a":1,"a":2}`, "a=1 a=2"},
		{``, "!"},
		{`[]`, "!"},
		{`"a"`, "!"},
		{`{`, "!"},
		{`{"a"`, "!"},
		{`{"a":`, "!"},
		{`{"a":}`, "!"},
		{`{"a":1`, "!"},
		{`{"a":1,}`, "!"},
		{`{"a":"1}`, "!"},
		{`{"a":{"b":1}`, "!"},
		{`{"a":1}{`, "!"},
		{`{"a":1 2}`, "!"},
		{`{"a":01}`, "!"},
		{`{"a":1.}`, "!"},
		{`{"a":-}`, "!"},
		{`{"a":[1,]}`, "!"},
		{`{"a":{"b"}}`, "!"},
		{`{"a":nul}`, "!"},
		{`{"a":"\x"}`, "!"},
		{`{"a":"\u12g4"}`, "!"},
		{"{\"a\":\"\n\"}", "!"},
	} {
		var got []string
		s := fields.Of([]byte(test.object))
		for s.Next() {
			got = append(got, s.Name+"="+string(s.Value))
			if at := test.object[s.At:]; !strings.HasPrefix(at, string(s.Value)) {
				t.Errorf("%s: %s begins at %d", test.object, s.Name, s.At)
			}
		}
		if s.Err != nil {
			got = append(got, "!")
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: got %s, want %s", test.object, got, test.want)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001} {
		object := []byte(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth))
		s := fields.Of(object)
		for s.Next() {
		}
		if valid := json.Valid(object); valid != (s.Err == nil) {
			t.Errorf("%d deep: got %v, encoding/json says %t", depth, s.Err, valid)
		}
	}
}

// What is an object is one for encoding/json, too, and has the same fields.
func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":["}",null]},"d\n":"\\"}`))
	f.Add([]byte(" {\"\xff\" : [ ] } "))
	f.Add([]byte(`{"a":1,"a":`))
	f.Fuzz(func(t *testing.T, object []byte) {
		got := map[string]string{}
		s := fields.Of(object)
		for s.Next() {
			got[s.Name] = string(s.Value)
		}
		var want map[string]json.RawMessage
		err := json.Unmarshal(object, &want)
		if ok := err == nil && want != nil; ok != (s.Err == nil) {
			t.Fatalf("%q: got %v, encoding/json says %v", object, s.Err, err)
		}
		if s.Err != nil {
			return
		}
		as := map[string]string{}
		for name, value := range want {
			as[name] = string(value)
		}
		if fmt.Sprint(got) != fmt.Sprint(as) {
			t.Errorf("%s: got %v, want %v", object, got, as)
		}
	})
}
