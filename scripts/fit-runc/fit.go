package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// fit is what has to go.
type fit struct {
	sysResource bool // the capability CAP_SYS_RESOURCE
	cgroups     bool
	ttyGroup    bool // the group of terminals
}

// fromHost finds it out.
func fromHost() (fit, error) {
	words := strings.Fields(os.Getenv("PODLAB_FIT"))
	f := fit{cgroups: slices.Contains(words, "nocgroups"), ttyGroup: slices.Contains(words, "oneuid")}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fit{}, err
	}
	held, err := holdsSysResource(string(status))
	f.sysResource = !held
	return f, err
}

func holdsSysResource(status string) (bool, error) {
	const bit = 24 // in capability.h
	for line := range strings.Lines(status) {
		if mask, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			bounding, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return bounding>>bit&1 == 1, err
		}
	}
	return false, fmt.Errorf("/proc/self/status names no bounding set")
}

// object is a JSON object of which only what is changed is ever decoded: fields
// that are not known here pass through untouched, and so do big numbers.
type object = map[string]json.RawMessage

// edit changes one field, if it is there.
func edit[T any](o object, field string, change func(*T) error) error {
	raw, ok := o[field]
	if !ok || string(raw) == "null" {
		return nil
	}
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if err := change(&value); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	raw, err := json.Marshal(value)
	o[field] = raw
	return err
}

// config fits an OCI container.
func (f fit) config(c object) error {
	if err := edit(c, "process", func(p *object) error { return f.process(*p) }); err != nil {
		return err
	}
	if f.cgroups {
		if err := edit(c, "linux", func(linux *object) error {
			delete(*linux, "cgroupsPath")
			delete(*linux, "resources")
			return nil
		}); err != nil {
			return err
		}
	}
	return edit(c, "mounts", f.mounts)
}

func (f fit) mounts(mounts *[]object) error {
	kept := []object{}
	for _, m := range *mounts {
		var kind string
		if raw := m["type"]; raw != nil {
			if err := json.Unmarshal(raw, &kind); err != nil {
				return err
			}
		}
		if f.cgroups && (kind == "cgroup" || kind == "cgroup2") {
			continue
		}
		if f.ttyGroup && kind == "devpts" {
			if err := edit(m, "options", without("gid=5")); err != nil {
				return err
			}
		}
		kept = append(kept, m)
	}
	*mounts = kept
	return nil
}

// process fits the first process of a container, or one that joins it.
func (f fit) process(p object) error {
	if f.cgroups {
		// What comes with cgroups: the kubelet sets it by a Pod's class, and going
		// below one's own takes a capability.
		delete(p, "oomScoreAdj")
	}
	if !f.sysResource {
		return nil
	}
	return edit(p, "capabilities", func(sets *object) error {
		for set := range *sets {
			if err := edit(*sets, set, without("CAP_SYS_RESOURCE")); err != nil {
				return err
			}
		}
		return nil
	})
}

func without(word string) func(*[]string) error {
	return func(list *[]string) error {
		*list = slices.DeleteFunc(*list, func(s string) bool { return s == word })
		return nil
	}
}

// rewrite changes a JSON file.
func rewrite(file string, change func(object) error) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := change(o); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if raw, err = json.Marshal(o); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	// The reader may come at any moment: never a half-written file.
	aside := file + ".podlab"
	if err := os.WriteFile(aside, raw, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(aside, file)
}
