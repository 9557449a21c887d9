package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/class/classtest"
	"podlab.dev/podlab/grader/report"
)

// published are the schemas, by their files, and the types that they describe.
var published = map[string]struct {
	of    any
	title string
}{
	"docs/report.schema.json": {grader.Report{}, "What podlab found: the report of a lab"},
	"docs/class.schema.json":  {class.Class{}, "What podlab found: the record of a class"},
}

// TestSchema holds the published schemas against the types that reports and classes
// are made of, comments included; go test ./grader/report -run Schema -update writes
// them anew.
func TestSchema(t *testing.T) {
	t.Chdir("../..") // where comments are looked for below the module's path
	r := jsonschema.Reflector{
		AllowAdditionalProperties: true, // a later podlab may say more
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch t {
			case reflect.TypeFor[grader.Verdict]():
				return &jsonschema.Schema{Type: "string", Enum: []any{grader.Passed, grader.Failed, grader.Pending, grader.Blocked, grader.Errored}}
			case reflect.TypeFor[class.State]():
				return &jsonschema.Schema{Type: "string", Enum: []any{class.Graded, class.Refused, class.Errored, class.Missing}}
			}
			return nil
		},
	}
	for _, dir := range []string{"grader", "cue/want"} {
		if err := r.AddGoComments("podlab.dev/podlab", dir, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	for file, p := range published {
		s := r.Reflect(p.of)
		s.ID = "" // it is where it is published
		s.Title = p.title
		got, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the types say (%v); -update writes it", file, err)
		}
	}
}

// schema is a published schema, as a function that holds documents against it.
func schema(t *testing.T, file string) func(doc []byte) error {
	t.Helper()
	schema, err := validator.NewCompiler().Compile("../../docs/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return func(doc []byte) error {
		x, err := validator.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(x)
	}
}

// TestReportsKeepToTheSchema validates what is printed by what is published, and
// that the schema refuses what is no report.
func TestReportsKeepToTheSchema(t *testing.T) {
	valid := schema(t, "report.schema.json")
	r := sample()
	r.Preparing = map[string]string{"look": "Pod web"}
	r.Results[2].Criteria = []grader.Criterion{{Title: "c", Points: 1, Met: true}}
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := valid(b.Bytes()); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{`{}`, `[]`, string(bytes.Replace(b.Bytes(), []byte(`"verdict": "failed"`), []byte(`"verdict": "maybe"`), 1))} {
		if valid([]byte(wrong)) == nil {
			t.Errorf("valid: %.60s", wrong)
		}
	}
}

// TestClassesKeepToTheSchema does so for the record of a class, which is read back
// as it was.
func TestClassesKeepToTheSchema(t *testing.T) {
	valid := schema(t, "class.schema.json")
	for name, c := range map[string]*class.Class{"sample": classtest.Sample(), "large": classtest.Of(50), "empty": classtest.Of(0)} {
		var b, again bytes.Buffer
		if err := c.Write(&b); err != nil {
			t.Fatal(err)
		}
		if err := valid(b.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := class.Read(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Write(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s is another one when it is read back (%v)", name, err)
		}
		for _, wrong := range []string{`{}`, `[]`, strings.Replace(b.String(), `"state": "graded"`, `"state": "lost"`, 1)} {
			if name == "sample" && valid([]byte(wrong)) == nil {
				t.Errorf("valid: %.60s", wrong)
			}
		}
	}
}
