package view_test

import (
	"strings"
	"testing"

	"podlab.dev/podlab/cue/view"
)

// crd is a definition of A in a.io/v1 with this schema.
func crd(schema string) string {
	return `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.a.io}, spec: {
  group: a.io, names: {kind: A, plural: as}, scope: Cluster, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: ` + schema + `}}]}}`
}

func TestKindsKind(t *testing.T) {
	k := queueKinds(t)
	tests := []struct{ apiVersion, kind, want string }{
		{"", "Queue", "jobs.example.com/v1, Kind=Queue"},
		{"jobs.example.com/v1", "Queue", "jobs.example.com/v1, Kind=Queue"},
		{"jobs.example.com/v1beta2", "Queue", "jobs.example.com/v1beta2, Kind=Queue"},
		{"", "Pod", "/v1, Kind=Pod"},
		{"", "Service", "/v1, Kind=Service"},
		{"mesh.example.com/v2", "Service", "mesh.example.com/v2, Kind=Service"},
		{"example.com/v1", "Widget", "example.com/v1, Kind=Widget"},
		{"other.io/v1", "Queue", "other.io/v1, Kind=Queue"},
		{"", "queues", `there is no kind "queues"; did you mean "Queue"?`},
		{"", "Deploymnet", `there is no kind "Deploymnet"; did you mean "Deployment"?`},
		{"", "Widget", `there is no built-in kind "Widget"; a custom resource needs its apiVersion`},
		{"jobs.example.com/v1", "Queu", `there is no kind "Queu" in jobs.example.com/v1; did you mean "Queue"?`},
		{"jobs.example.com/v1", "Widget", `there is no kind "Widget" in jobs.example.com/v1`},
		{"jobs.example.com/v2", "Queue", `there is no kind "Queue" in jobs.example.com/v2; it is in jobs.example.com/v1`},
		{"jobs.example.com/v1alpha1", "Queue", `there is no kind "Queue" in jobs.example.com/v1alpha1; it is in jobs.example.com/v1`},
		{"mesh.example.com/v1", "Service", `there is no kind "Service" in mesh.example.com/v1; it is in mesh.example.com/v2`},
		{"job.example.com/v1", "Queue", `there is no API group "job.example.com"; did you mean "jobs.example.com"?`},
		{"jobs/v1", "Queue", `there is no API group "jobs"; Queue is in jobs.example.com/v1`},
	}
	for _, tt := range tests {
		gvk, err := k.Kind(tt.apiVersion, tt.kind)
		got := gvk.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", tt.apiVersion, tt.kind, got, tt.want)
		}
	}
}

// aliases would be a billion values.
const aliases = `
a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]
h: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]
i: [*h,*h,*h,*h,*h,*h,*h,*h,*h,*h]
`

func TestReadCRDs(t *testing.T) {
	ok := crd("{type: object}")
	tests := []struct{ name, text, want string }{
		{"a CRD", ok, ""},
		{"after a comment", "# a\n---\n# b\n---\n" + ok, ""},
		{"nothing", "# a\n---\n", "there is no CustomResourceDefinition in it"},
		{"many documents", strings.Repeat("---\n#\n", 20000) + "{}", "it has no kind; a CustomResourceDefinition is expected"},
		{"aliases of aliases", aliases, "this is not YAML: document contains excessive aliasing"},
		{"not YAML", "# a\n---\na: [\n", "this is not YAML: line 3: did not find expected node content"},
		{"a key twice", "a: b\na: c\n", `this is not YAML: line 2: key "a" already set in map`},
		{"a list", "- a\n", "it has no kind; a CustomResourceDefinition is expected"},
		{"a string", "a\n", "it has no kind; a CustomResourceDefinition is expected"},
		{"a ConfigMap", "{kind: ConfigMap, spec: a}", "ConfigMap is not a CustomResourceDefinition"},
		{"a ConfigMap after it", ok + "\n--- {kind: ConfigMap}", "ConfigMap is not a CustomResourceDefinition"},
		{"an old one", strings.Replace(ok, "io/v1,", "io/v1beta1,", 1), `the CustomResourceDefinition is of apiVersion "apiextensions.k8s.io/v1beta1"; write apiextensions.k8s.io/v1`},
		{"versions of a wrong type", "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {versions: v1}}", "spec.versions is never a string"},
		{"no group", strings.Replace(ok, "group: a.io", "grop: a.io", 1), "spec.group is missing"},
		{"no kind", strings.Replace(ok, "kind: A", "Kind: A", 1), "spec.names.kind is missing"},
		{"no plural", strings.Replace(ok, "plural: as", "plural: ''", 1), "spec.names.plural is missing"},
		{"another name", strings.Replace(ok, "name: as.a.io", "name: a.a.io", 1), `metadata.name is "a.a.io"; spec.names.plural and spec.group make it "as.a.io"`},
		{"a built-in group", strings.ReplaceAll(ok, "a.io", "apps"), "spec.group apps is a built-in one"},
		{"no scope", strings.Replace(ok, "scope: Cluster, ", "", 1), `spec.scope is ""; it is Namespaced or Cluster`},
		{"no version", strings.Replace(ok, "versions:", "version:", 1), "spec.versions is missing"},
		{"a version without name", strings.Replace(ok, "name: v1", "nam: v1", 1), "spec.versions[0] has no name"},
		{"no schema", strings.Replace(ok, "openAPIV3Schema", "openapiV3Schema", 1), "version v1 has no schema.openAPIV3Schema"},
		{"nothing stored", strings.Replace(ok, "storage: true", "storage: false", 1), "0 versions have storage: true; exactly one has to"},
		{"a version twice", strings.Replace(ok, "versions: [", "versions: [{name: v1, schema: {openAPIV3Schema: {type: object}}}, ", 1), "version v1 is there twice"},
		{"a kind twice", ok + "\n---\n" + ok, "as.a.io is defined a second time; the first is in crd.yaml"},
		{"no type at the root", crd("{properties: {}}"), "schema of version v1: A has to be of type: object"},
		{"a map at the root", crd("{type: object, additionalProperties: {type: string}}"), "schema of version v1: A has to have properties, not additionalProperties"},
		{"no type", crd("{type: object, properties: {spec: {properties: {a: {type: string}}}}}"), "schema of version v1: A.spec has properties and no type"},
		{"a strange type", crd("{type: object, properties: {spec: {type: [string]}}}"), `schema of version v1: A.spec has type "[string]"; there are object, array, string, integer, number and boolean`},
		{"a mistyped type", crd("{type: object, properties: {spec: {type: int}}}"), `schema of version v1: A.spec has type "int"; there are object, array, string, integer, number and boolean`},
		{"a null property", crd("{type: object, properties: {spec: null}}"), "schema of version v1: A.spec has no schema; it has to be a map"},
		{"a list of properties", crd("{type: object, properties: [a]}"), "schema of version v1: A has properties that are not a map"},
		{"an array of nothing", crd("{type: object, properties: {a: {type: array}}}"), "schema of version v1: A.a has type array and no items"},
		{"a tuple", crd("{type: object, properties: {a: {type: array, items: [{type: string}]}}}"), "schema of version v1: A.a[] has no schema; it has to be a map"},
		{"both", crd("{type: object, properties: {a: {type: object, properties: {b: {}}, additionalProperties: {}}}}"), "schema of version v1: A.a has both properties and additionalProperties"},
		{"deep", crd("{type: object, properties: {a: " + strings.Repeat("{type: array, items: ", 3000) + "{type: x}" + strings.Repeat("}", 3000) + "}}"), "[][][] has type \"x\"; there are object, array, string, integer, number and boolean"},
		{"too deep", strings.Repeat("[", 20000), "this is not YAML: exceeded max depth of 10000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := view.ReadCRDs(map[string][]byte{"crd.yaml": []byte(tt.text)})
			switch {
			case tt.want == "":
				if err != nil || k == nil {
					t.Errorf("got %v, %v", k, err)
				}
			case err == nil:
				t.Error("no error")
			case !strings.HasPrefix(err.Error(), "crd.yaml: ") || !strings.HasSuffix(err.Error(), tt.want):
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestReadCRDsOfFiles(t *testing.T) {
	text := []byte(crd("{type: object}"))
	if _, err := view.ReadCRDs(map[string][]byte{"b.yaml": text, "a.yaml": text}); err == nil || err.Error() != "b.yaml: as.a.io is defined a second time; the first is in a.yaml" {
		t.Errorf("got %v", err)
	}
	if k, err := view.ReadCRDs(nil); err != nil || k == nil {
		t.Errorf("no files: got %v, %v", k, err)
	}
}
