// Command engine-runc is runc for a host that lacks CAP_SYS_RESOURCE itself. A
// privileged container asks for every capability, and the kernel refuses one
// that the engine does not hold; so the capability is taken out of what runc is
// given (the bundle of a new container, the process of an exec), and runc does
// the rest. scripts/engine registers it only on such a host.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const missing = "CAP_SYS_RESOURCE"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "engine-runc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	for flag, file := range map[string]string{"bundle": "config.json", "process": ""} {
		path, ok := argument(args, flag)
		if !ok {
			continue
		}
		if err := strip(filepath.Join(path, file)); err != nil {
			return err
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	return syscall.Exec(runc, append([]string{runc}, args...), os.Environ())
}

// argument is the value of --name VALUE or --name=VALUE.
func argument(args []string, name string) (string, bool) {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v, true
		}
		if a == "--"+name && i+1 < len(args) {
			return args[i+1], true
		}
	}
	return "", false
}

// strip rewrites an OCI config or process file without the missing capability.
func strip(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := without(raw, missing)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// The reader may come at any moment: never a half-written file.
	tmp := path + ".podlab"
	if err := os.WriteFile(tmp, out, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// without drops a capability from every capability set of an OCI config, or of
// the process object alone. Fields it does not know pass through untouched, and
// so do big numbers.
func without(raw []byte, capability string) ([]byte, error) {
	var config map[string]json.RawMessage
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	if process, ok := config["process"]; ok {
		out, err := without(process, capability)
		if err != nil {
			return nil, err
		}
		config["process"] = out
		return json.Marshal(config)
	}
	if sets, ok := config["capabilities"]; ok && string(sets) != "null" {
		var names map[string][]string
		if err := json.Unmarshal(sets, &names); err != nil {
			return nil, err
		}
		for set, list := range names {
			kept := make([]string, 0, len(list))
			for _, name := range list {
				if name != capability {
					kept = append(kept, name)
				}
			}
			names[set] = kept
		}
		out, err := json.Marshal(names)
		if err != nil {
			return nil, err
		}
		config["capabilities"] = out
	}
	return json.Marshal(config)
}
