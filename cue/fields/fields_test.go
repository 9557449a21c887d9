package fields_test

import (
	"bytes"
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
		{`{"a":1,}`, "a=1 !"},
		{`{"a":"1}`, "!"},
		{`{"a":{"b":1}`, "!"},
		{`{"a":1}{`, "!"},
		{`{"a":1 2}`, "!"},
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

// Of an object that is JSON the fields are those that encoding/json finds, and of
// whatever else it is at least no trouble.
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
		if json.Unmarshal(object, &want) != nil || bytes.HasPrefix(bytes.TrimSpace(object), []byte("null")) {
			return
		}
		if s.Err != nil {
			t.Fatalf("%s: %v", object, s.Err)
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
