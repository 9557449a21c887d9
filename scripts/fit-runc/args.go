package main

import (
	"path/filepath"
	"strings"
)

// target is the file that a command of runc's reads a container or a process
// from, and how that is fitted; most commands read none.
func target(args []string) (file string, change func(fit, object) error) {
	command, rest := split(args)
	switch command {
	case "create", "run", "restore":
		bundle, _ := argument(rest, "bundle", "b")
		return filepath.Join(bundle, "config.json"), fit.config // by default in the current directory
	case "exec":
		process, _ := argument(rest, "process", "p")
		return process, fit.process
	}
	return "", nil
}

// switches are runc's flags without a value that come before the command.
var switches = map[string]bool{"debug": true, "systemd-cgroup": true, "help": true, "h": true, "version": true, "v": true}

// split tells the command and its arguments from the flags before it.
func split(args []string) (command string, rest []string) {
	for i := 0; i < len(args); i++ {
		name := strings.TrimLeft(args[i], "-")
		if name == args[i] {
			return name, args[i+1:]
		}
		if !strings.Contains(name, "=") && !switches[name] {
			i++
		}
	}
	return "", nil
}

// argument is the value of a flag under one of its names, as --name VALUE or
// --name=VALUE.
func argument(args []string, names ...string) (string, bool) {
	for i, arg := range args {
		for _, name := range names {
			flag := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
			if flag == arg {
				continue
			}
			if value, ok := strings.CutPrefix(flag, name+"="); ok {
				return value, true
			}
			if flag == name && i+1 < len(args) {
				return args[i+1], true
			}
		}
	}
	return "", false
}
