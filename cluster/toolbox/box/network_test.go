//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestResolvConfCandidates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("search lab.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := readResolvConf(path)
	for name, want := range map[string][]string{
		"web":        {"web.lab.svc.cluster.local.", "web.svc.cluster.local.", "web."},
		"web.other":  {"web.other.lab.svc.cluster.local.", "web.other.svc.cluster.local.", "web.other."},
		"a.b.c.d.e.": {"a.b.c.d.e."},
		"a.b.c.d.e.f": {"a.b.c.d.e.f.", "a.b.c.d.e.f.lab.svc.cluster.local.",
			"a.b.c.d.e.f.svc.cluster.local."},
	} {
		if got := config.candidates(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if config.server != "10.96.0.10" {
		t.Errorf("server %q", config.server)
	}
}

func TestNewMode(t *testing.T) {
	for _, test := range []struct {
		old  uint32
		text string
		want uint32
	}{
		{0o644, "755", 0o755}, {0o644, "+x", 0o755}, {0o777, "go-w", 0o755}, {0o600, "a=r", 0o444},
		{0o644, "u=rwx,g=,o=", 0o700}, {0o777, "1777", 0o1777}, {0o755, "u+s", 0o4755}, {0o644, "a+X", 0o644}, {0o777, "+t", 0o1777},
	} {
		if got, err := newMode(test.old, test.text, false); err != nil || got != test.want {
			t.Errorf("%o %s: %o, %v; want %o", test.old, test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "9", "77777", "u", "u+q", "z+x", "+x,"} {
		if got, err := newMode(0o644, text, false); err == nil {
			t.Errorf("%q gives %o", text, got)
		}
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "64": 64, "10k": 10 << 10, "200Mi": 200 << 20, "200M": 200 << 20, "1G": 1 << 30, "1GiB": 1 << 30} {
		if got, err := quantity(text); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "1T", "9999999999G"} {
		if got, err := quantity(text); err == nil {
			t.Errorf("%q gives %d", text, got)
		}
	}
}
