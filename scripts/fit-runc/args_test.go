package main

import "testing"

func TestTarget(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"create":          {[]string{"--root", "/r", "--log=/l", "create", "--bundle", "/b", "--pid-file", "/p", "id"}, "/b/config.json"},
		"short flags":     {[]string{"-debug", "run", "-b=/b", "id"}, "/b/config.json"},
		"bundle is here":  {[]string{"create", "id"}, "config.json"},
		"restore":         {[]string{"--systemd-cgroup", "restore", "--bundle=/b", "id"}, "/b/config.json"},
		"exec":            {[]string{"--root", "/r", "exec", "--process", "/tmp/p", "--detach", "id"}, "/tmp/p"},
		"exec of a line":  {[]string{"exec", "id", "sh"}, ""},
		"reads none":      {[]string{"--root", "/r", "delete", "--force", "id"}, ""},
		"a name like one": {[]string{"--root", "create", "state", "id"}, ""},
		"flags alone":     {[]string{"--version"}, ""},
		"nothing":         {nil, ""},
	} {
		if got, _ := target(tc.args); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}
