//go:build linux

// Toolbox is the one program in podlab's workload image: a web server whose
// readiness can be switched, a shell, and the small userland that `kubectl exec`
// and `kubectl cp` expect in a container.
//
// It is a multi-call binary. Called by the name of an applet, as the links in
// /bin do, it is that applet; called as toolbox, its first argument names the
// applet, and flags alone mean serve:
//
//	toolbox                       # serve
//	toolbox --message hi          # serve --message hi
//	toolbox ls -l /tmp            # ls -l /tmp
//	toolbox ready off             # the server in this Pod now fails its readiness probe
//
// The applets follow POSIX where a lesson or a script would notice: exit codes,
// the wording of errors that people search the web for, and the flags in common
// use. Where one does less it refuses the flag; none pretends.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() == 1 {
		becomeInit()
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// call is one invocation of an applet.
type call struct {
	name string   // the applet's
	args []string // without the name
	in   *os.File
	out  io.Writer
	err  io.Writer
}

// applet is a command of the toolbox. An error that it returns is printed after
// its name and makes the exit code 1; a [status] says its own code and prints
// nothing.
type applet func(c *call) error

// status is an exit code whose reason, if any, is printed already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// errUsage is returned after a usage message was printed.
const errUsage = status(2)

// applets is what the binary can be called as.
func applets() map[string]applet {
	return map[string]applet{
		// serving and waiting
		"serve": serve, "ready": ready, "model": model, "hog": hog, "sleep": sleep, "timeout": timeout, "yes": yes,
		// the shell and its commands
		"sh": sh, "[": builtin, "echo": builtin, "false": builtin, "printf": builtin, "pwd": builtin, "test": builtin, "true": builtin,
		"env": env, "printenv": printenv, "which": which, "xargs": borrowed, "seq": seq,
		// files
		"basename": basename, "chmod": chmod, "chown": chown, "cp": copyFiles, "dd": dd, "df": df, "dirname": dirname, "du": du, "find": borrowed, "ln": ln, "ls": list,
		"mkdir": mkdir, "mktemp": borrowed, "mount": mount, "mv": move, "readlink": readlink, "rm": remove, "rmdir": rmdir, "stat": stat,
		"sync": syncDisks, "tar": tarball, "touch": borrowed,
		// text
		"base64": base64Text, "cat": cat, "cut": cut, "grep": grep, "head": head, "sha256sum": sha256sum, "sort": sortLines, "tail": tail, "tee": tee, "tr": tr,
		"uniq": uniq, "wc": wc,
		// the system
		"date": date, "hostname": hostname, "id": id, "kill": kill, "ps": ps, "uname": uname, "whoami": whoami,
		// the network
		"ip": ip, "nc": nc, "nslookup": nslookup, "proxy": proxy, "registry": registry, "wget": wget,
	}
}

// run dispatches on the name in argv[0] and returns the exit code.
func run(argv []string, in *os.File, out, errs io.Writer) int {
	table := applets()
	name, args := filepath.Base(argv[0]), argv[1:]
	if _, known := table[name]; !known {
		switch {
		case len(args) == 0 || (strings.HasPrefix(args[0], "-") && args[0] != "--help" && args[0] != "-h"):
			name = "serve"
		case args[0] == "--help" || args[0] == "-h" || args[0] == "help":
			fmt.Fprintf(out, "toolbox: podlab's workload image. Usage: toolbox [NAME] [ARGUMENT]...\nNames: %s\n", strings.Join(names(table), " "))
			return 0
		default:
			name, args = args[0], args[1:]
			if _, known := table[name]; !known {
				return replace(append([]string{name}, args...), errs)
			}
			if os.Getpid() == 1 || name == "sh" {
				// So that ps shows "sleep 60", as in any other image.
				argv := append([]string{name}, args...)
				_ = unix.Exec("/proc/self/exe", argv, os.Environ())
				// Without /proc the call below does the same under another name.
			}
		}
	}
	c := &call{name: name, args: args, in: in, out: out, err: errs}
	return c.code(table[name](c))
}

// replace runs a program that is no applet in place of this one: a script from a
// ConfigMap, say.
func replace(argv []string, errs io.Writer) int {
	path, err := lookPath(argv[0])
	if err != nil {
		fmt.Fprintf(errs, "toolbox: %s: not found; toolbox --help lists what there is\n", argv[0])
		return 127
	}
	err = unix.Exec(path, argv, os.Environ())
	fmt.Fprintf(errs, "toolbox: %s: %s\n", argv[0], reason(err))
	return 126
}

func names(table map[string]applet) []string {
	var names []string
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// code prints err and turns it into an exit code.
func (c *call) code(err error) int {
	if err == nil {
		return 0
	}
	var code status
	if errors.As(err, &code) {
		return int(code)
	}
	c.complain(err)
	return 1
}

// complain prints an error the way POSIX commands do: "cat: /x: Permission
// denied", a line for each of several joined errors.
func (c *call) complain(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			c.complain(e)
		}
		return
	}
	fmt.Fprintf(c.err, "%s: %s\n", c.name, reason(err))
}

// reason is the text of an error without Go's names of system calls, and with
// the C library's capital, since that is the text people search for.
func reason(err error) string {
	var path *os.PathError
	var link *os.LinkError
	var sys *os.SyscallError
	switch {
	case errors.As(err, &path):
		return path.Path + ": " + reason(path.Err)
	case errors.As(err, &link):
		return link.New + ": " + reason(link.Err)
	case errors.As(err, &sys):
		return reason(sys.Err)
	}
	var errno unix.Errno
	if text := err.Error(); errors.As(err, &errno) && text == errno.Error() && text != "" {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}

// flags begins the applet's flag set; parse ends it. The usage is what follows
// the name in a usage line.
func (c *call) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.SortFlags = false
	return f
}

// parse parses the call's arguments and returns the operands, of which there
// must be at least min and, unless max is negative, at most max.
func (c *call) parse(f *pflag.FlagSet, usage string, min, max int) ([]string, error) {
	err := f.Parse(c.args)
	help := errors.Is(err, pflag.ErrHelp)
	if err == nil && (f.NArg() < min || (max >= 0 && f.NArg() > max)) {
		err = errors.New("wrong number of operands")
	}
	if err == nil {
		return f.Args(), nil
	}
	text := strings.TrimRight(fmt.Sprintf("usage: %s %s\n%s", c.name, usage, f.FlagUsages()), "\n")
	if help {
		fmt.Fprintln(c.out, text)
		return nil, status(0)
	}
	fmt.Fprintf(c.err, "%s: %v\n%s\n", c.name, err, text)
	return nil, errUsage
}
