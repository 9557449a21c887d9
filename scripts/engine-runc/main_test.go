package main

import "testing"

func TestWithout(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"config":          {`{"ociVersion":"1.2.0","process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]},"rlimits":[{"hard":18446744073709551615}]}}`, `{"ociVersion":"1.2.0","process":{"capabilities":{"bounding":["CAP_CHOWN"]},"rlimits":[{"hard":18446744073709551615}]}}`},
		"process of exec": {`{"capabilities":{"effective":["CAP_SYS_RESOURCE"]}}`, `{"capabilities":{"effective":[]}}`},
		"none":            {`{"args":["sh"]}`, `{"args":["sh"]}`},
		"null":            {`{"capabilities":null}`, `{"capabilities":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := without([]byte(tc.in), missing)
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
		})
	}
	if _, err := without([]byte("["), missing); err == nil {
		t.Error("no error for half a file")
	}
}

func TestArgument(t *testing.T) {
	for _, args := range [][]string{{"create", "--bundle", "/b", "id"}, {"create", "--bundle=/b", "id"}} {
		if got, ok := argument(args, "bundle"); !ok || got != "/b" {
			t.Errorf("argument(%q) = %q, %v", args, got, ok)
		}
	}
	if _, ok := argument([]string{"state", "id"}, "bundle"); ok {
		t.Error("found a flag that is not there")
	}
}
