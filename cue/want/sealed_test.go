package want_test

import (
	"fmt"
	"testing"
)

func TestValues(t *testing.T) {
	for src, want := range map[string]string{
		`data: password: "abc"`:                        "[abc] true",
		`data: {a: "x", b: "y" | "z"}, type: "Opaque"`: "[x y z] true",
		`data: a: _`:                      "[] true",
		`data: a: string`:                 "[] true",
		`data: a?: _|_`:                   "[] true",
		`data: _`:                         "[] true",
		`data?: _|_`:                      "[] true",
		`metadata: labels: a: =~"x"`:      "[] true",
		`data: a: =~"^x"`:                 "[] false",
		`data: a: !="x"`:                  "[] false",
		`data: a: >"x"`:                   "[] false",
		`data: a: "x" | =~"y"`:            "[] false",
		`data: [string]: "x"`:             "[x] true",
		`data: {a: "x"} | {b: "x"}`:       "[] false",
		`{data: a: "x"} | {data: b: "x"}`: "[] false",
		`data: a: strings.MinRunes(3)`:    "[] false",
		`data: {a: string, b: a}`:         "[] false",
		`[=~"^d"]: a: =~"x"`:              "[] false",
	} {
		values, ok := constraint(t, src).Values("data")
		if got := fmt.Sprint(values, ok); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
}
