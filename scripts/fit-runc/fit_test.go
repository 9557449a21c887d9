package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

const container = `{"linux":{"cgroupsPath":"/k8s.io/x","namespaces":[{"type":"cgroup"}],"resources":{"memory":{"limit":1}},"uidMappings":[]},` +
	`"mounts":[{"destination":"/proc","type":"proc"},{"destination":"/bound"},` +
	`{"destination":"/dev/pts","options":["nosuid","gid=5"],"type":"devpts"},` +
	`{"destination":"/else","options":["gid=5"],"type":"tmpfs"},` +
	`{"destination":"/sys/fs/cgroup","type":"cgroup"},{"destination":"/sys/fs/cgroup","type":"cgroup2"}],` +
	`"ociVersion":"1.2.0",` +
	`"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"inheritable":null},"oomScoreAdj":-998,"rlimits":[{"hard":18446744073709551615}]}}`

func TestConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		fit      fit
		in, want string
	}{
		"capability": {fit{sysResource: true},
			`{"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]},"rlimits":[{"hard":18446744073709551615}]}}`,
			`{"process":{"capabilities":{"bounding":["CAP_CHOWN"]},"rlimits":[{"hard":18446744073709551615}]}}`},
		"no capabilities": {fit{sysResource: true}, `{"process":{"capabilities":null}}`, `{"process":{"capabilities":null}}`},
		"nothing there":   {fit{true, true, true}, `{"ociVersion":"1.2.0"}`, `{"ociVersion":"1.2.0"}`},
		"cgroups": {fit{cgroups: true}, container,
			`{"linux":{"namespaces":[{"type":"cgroup"}],"uidMappings":[]},` +
				`"mounts":[{"destination":"/proc","type":"proc"},{"destination":"/bound"},` +
				`{"destination":"/dev/pts","options":["nosuid","gid=5"],"type":"devpts"},` +
				`{"destination":"/else","options":["gid=5"],"type":"tmpfs"}],` +
				`"ociVersion":"1.2.0",` +
				`"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"inheritable":null},"rlimits":[{"hard":18446744073709551615}]}}`},
		"groups": {fit{ttyGroup: true},
			`{"mounts":[{"options":["nosuid","gid=5"],"type":"devpts"},{"options":["gid=5"],"type":"tmpfs"}]}`,
			`{"mounts":[{"options":["nosuid"],"type":"devpts"},{"options":["gid=5"],"type":"tmpfs"}]}`},
		"one user with cgroups": {fit{}, container, container},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := apply(tc.fit.config, tc.in); err != nil || got != tc.want {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
		})
	}
	for _, broken := range []string{`{"process":[]}`, `{"mounts":{}}`, `{"mounts":[{"type":1}]}`, `{"process":{"capabilities":{"bounding":"all"}}}`} {
		if _, err := apply(fit{true, true, true}.config, broken); err == nil {
			t.Errorf("no error for %s", broken)
		}
	}
}

func TestProcess(t *testing.T) {
	const in = `{"args":["sh"],"capabilities":{"effective":["CAP_SYS_RESOURCE"]},"oomScoreAdj":1000}`
	for want, f := range map[string]fit{
		`{"args":["sh"],"capabilities":{"effective":[]},"oomScoreAdj":1000}`:                   {sysResource: true},
		`{"args":["sh"],"capabilities":{"effective":["CAP_SYS_RESOURCE"]}}`:                    {cgroups: true},
		`{"args":["sh"],"capabilities":{"effective":["CAP_SYS_RESOURCE"]},"oomScoreAdj":1000}`: {ttyGroup: true},
	} {
		if got, err := apply(f.process, in); err != nil || got != want {
			t.Errorf("%+v: got %s, %v; want %s", f, got, err, want)
		}
	}
}

func apply(change func(object) error, in string) (string, error) {
	var o object
	if err := json.Unmarshal([]byte(in), &o); err != nil {
		return "", err
	}
	err := change(o)
	out, _ := json.Marshal(o)
	return string(out), err
}

func TestRewrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"process":{"oomScoreAdj":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(file, fit{cgroups: true}.config); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	info, _ := os.Stat(file)
	if err != nil || string(got) != `{"process":{}}` || info.Mode() != 0o600 {
		t.Errorf("got %s, mode %v, %v", got, info.Mode(), err)
	}
	if left, _ := filepath.Glob(file + ".*"); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(file, []byte(`{"process":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(file, fit{cgroups: true}.config); err == nil {
		t.Error("no error for half a file")
	}
}

func TestFromHost(t *testing.T) {
	t.Setenv("PODLAB_FIT", "oneuid nocgroups")
	f, err := fromHost()
	if err != nil || !f.cgroups || !f.ttyGroup {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestHoldsSysResource(t *testing.T) {
	for status, want := range map[string]bool{
		"CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n": true,
		"CapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n": false,
	} {
		if got, err := holdsSysResource(status); err != nil || got != want {
			t.Errorf("%q: got %v, %v", status, got, err)
		}
	}
	if _, err := holdsSysResource("Name:\tx\n"); err == nil {
		t.Error("no error where there is no bounding set")
	}
}
