//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sleep waits for the sum of its operands: 10, 1.5, 2m, 1h, 1d or infinity. As
// PID 1 of a container it ignores SIGTERM, as every sleep does, since the kernel
// gives PID 1 no default action.
func sleep(c *call) error {
	operands, err := c.parse(c.flags(), "NUMBER[smhd]... | infinity", 1, -1)
	if err != nil {
		return err
	}
	var total time.Duration
	for _, operand := range operands {
		d, err := duration(operand)
		if err != nil {
			return err
		}
		if d > math.MaxInt64-total {
			d = math.MaxInt64 - total
		}
		total += d
	}
	time.Sleep(total)
	return nil
}

// duration reads a number of seconds, or of what its last letter says.
func duration(text string) (time.Duration, error) {
	if text == "infinity" || text == "inf" {
		return math.MaxInt64, nil
	}
	unit := time.Second
	number := text
	if n := len(text); n > 0 {
		if u, known := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[n-1]]; known {
			unit, number = u, text[:n-1]
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n < 0 || math.IsNaN(n) {
		return 0, fmt.Errorf("invalid time %q", text)
	}
	if n*float64(unit) >= math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return time.Duration(n * float64(unit)), nil
}

// timeout runs a command and stops it after a time. Exit code 124 says it did.
func timeout(c *call) error {
	f := c.flags()
	f.SetInterspersed(false)
	name := f.StringP("signal", "s", "TERM", "the `signal` to stop it with")
	after := f.StringP("kill-after", "k", "", "kill it this `time` later if it still runs")
	operands, err := c.parse(f, "[-s SIGNAL] [-k TIME] TIME COMMAND [ARGUMENT]...", 2, -1)
	if err != nil {
		return err
	}
	limit, err := duration(operands[0])
	if err != nil {
		return err
	}
	signal, err := signalNumber(*name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	if limit == 0 {
		ctx, cancel = context.WithCancel(context.Background())
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, operands[1], operands[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.in, c.out, c.err
	cmd.Cancel = func() error { return cmd.Process.Signal(signal) }
	if *after != "" {
		if cmd.WaitDelay, err = duration(*after); err != nil {
			return err
		}
	}
	err = cmd.Run()
	if ctx.Err() != nil {
		return status(124)
	}
	return commandStatus(c, operands[1], err)
}

// commandStatus turns the result of a program into an exit code: its own, 128
// plus the signal that killed it, 127 if there is no such program.
func commandStatus(c *call, name string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		if wait := exit.Sys().(syscall.WaitStatus); wait.Signaled() {
			return status(128 + int(wait.Signal()))
		}
		return status(exit.ExitCode())
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(c.err, "%s: %s: not found\n", c.name, name)
		return status(127)
	}
	c.complain(err)
	return status(126)
}

// kill sends a signal; -l lists their names.
func kill(c *call) error {
	signal := unix.SIGTERM
	args := c.args
	switch {
	case len(args) > 0 && args[0] == "-l":
		fmt.Fprintln(c.out, strings.Join(signalNames(), " "))
		return nil
	case len(args) > 1 && args[0] == "-s":
		args = append([]string{"-" + args[1]}, args[2:]...)
		fallthrough
	case len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && args[0] != "--" && args[0] != "--help":
		if args[0] == "-0" {
			signal = 0
		} else {
			var err error
			if signal, err = signalNumber(args[0][1:]); err != nil {
				return err
			}
		}
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || args[0] == "--help" {
		fmt.Fprintln(c.err, "usage: kill [-SIGNAL | -s SIGNAL | -l] PID...")
		return errUsage
	}
	var failed []error
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		if err != nil {
			text := arg + ": not a process id"
			if strings.HasPrefix(arg, "g") {
				text += " (in this shell $! is none)"
			}
			failed = append(failed, errors.New(text))
			continue
		}
		if err := unix.Kill(pid, signal); err != nil {
			failed = append(failed, fmt.Errorf("(%d) - %s", pid, reason(err)))
		}
	}
	return errors.Join(failed...)
}

// ps lists every process that /proc shows: those of the container, or of the Pod
// where it shares its process namespace. Flags such as aux and -ef are accepted,
// the columns are always the same.
func ps(c *call) error {
	for _, arg := range c.args {
		if strings.Trim(arg, "-auxefwlA") != "" {
			return fmt.Errorf("%s: unknown option; the columns are always PID, PPID, USER, STAT, RSS, COMMAND", arg)
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	var all []process
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := readProcess(pid); ok { // else it has just ended
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b process) int { return cmp.Compare(a.pid, b.pid) })
	fmt.Fprintf(c.out, "%7s %7s %-8s %-4s %8s %s\n", "PID", "PPID", "USER", "STAT", "RSS", "COMMAND")
	names := listing{names: map[string]string{}}
	for _, p := range all {
		fmt.Fprintf(c.out, "%7d %7d %-8s %-4s %8s %s\n", p.pid, p.parent, names.owner("u", p.uid), p.state, human(p.resident), p.command)
	}
	return nil
}

// process is a row of ps.
type process struct {
	pid, parent int
	uid         uint32
	state       string
	resident    uint64 // bytes
	command     string
}

func readProcess(pid int) (process, bool) {
	folder := fmt.Sprintf("/proc/%d/", pid)
	text, err := os.ReadFile(folder + "status")
	if err != nil {
		return process{}, false
	}
	p := process{pid: pid}
	name := ""
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		number, _ := strconv.ParseUint(fields[0], 10, 64) // 0 where it is no number
		switch key {
		case "Name":
			name = fields[0]
		case "State":
			p.state = fields[0]
		case "PPid":
			p.parent = int(number)
		case "Uid":
			p.uid = uint32(number)
		case "VmRSS":
			p.resident = number * 1024
		}
	}
	line, err := os.ReadFile(folder + "cmdline")
	p.command = printable(strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
	if err != nil || p.command == "" {
		p.command = "[" + name + "]"
	}
	return p, true
}

// id shows who the process runs as; the names come from /etc/passwd, which need
// not know the user.
func id(c *call) error {
	f := c.flags()
	onlyUser := f.BoolP("user", "u", false, "only the user id")
	onlyGroup := f.BoolP("group", "g", false, "only the group id")
	groups := f.BoolP("groups", "G", false, "only the ids of all groups")
	name := f.BoolP("name", "n", false, "with -u or -g, the name")
	if _, err := c.parse(f, "[-u | -g | -G] [-n]", 0, 0); err != nil {
		return err
	}
	all, err := os.Getgroups()
	if err != nil {
		return err
	}
	uid, gid := os.Geteuid(), os.Getegid()
	all = append([]int{gid}, slices.DeleteFunc(all, func(g int) bool { return g == gid })...)
	named := func(number int, name string) string {
		if name == "" {
			return strconv.Itoa(number)
		}
		return fmt.Sprintf("%d(%s)", number, name)
	}
	bare := func(number int, text string) {
		if *name && text != "" {
			fmt.Fprintln(c.out, text)
			return
		}
		fmt.Fprintln(c.out, number)
	}
	switch {
	case *onlyUser:
		bare(uid, userName(uid))
	case *onlyGroup:
		bare(gid, groupName(gid))
	case *groups:
		fmt.Fprintln(c.out, strings.Trim(fmt.Sprint(all), "[]"))
	default:
		var list []string
		for _, g := range all {
			list = append(list, named(g, groupName(g)))
		}
		fmt.Fprintf(c.out, "uid=%s gid=%s groups=%s\n", named(uid, userName(uid)), named(gid, groupName(gid)), strings.Join(list, ","))
	}
	return nil
}

func userName(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return u.Username
}

func groupName(gid int) string {
	g, err := user.LookupGroupId(strconv.Itoa(gid))
	if err != nil {
		return ""
	}
	return g.Name
}

func whoami(c *call) error {
	if _, err := c.parse(c.flags(), "", 0, 0); err != nil {
		return err
	}
	name := userName(os.Geteuid())
	if name == "" {
		return fmt.Errorf("unknown uid %d", os.Geteuid())
	}
	fmt.Fprintln(c.out, name)
	return nil
}
