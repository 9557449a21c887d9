//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func hostname(c *call) error {
	f := c.flags()
	addresses := f.BoolP("ip-address", "i", false, "the addresses instead")
	f.BoolVarP(addresses, "all-ip-addresses", "I", false, "the same")
	f.BoolP("short", "s", false, "without domain")
	if _, err := c.parse(f, "[-i] [-s]", 0, 0); err != nil {
		return err
	}
	if *addresses {
		var all []string
		interfaces, err := addressesOf()
		for _, i := range interfaces {
			for _, a := range i.addresses {
				if !a.IP.IsLoopback() && !a.IP.IsLinkLocalUnicast() {
					all = append(all, a.IP.String())
				}
			}
		}
		fmt.Fprintln(c.out, strings.Join(all, " "))
		return err
	}
	name, err := os.Hostname()
	if short, _ := f.GetBool("short"); short {
		name, _, _ = strings.Cut(name, ".")
	}
	fmt.Fprintln(c.out, name)
	return err
}

func uname(c *call) error {
	f := c.flags()
	all := f.BoolP("all", "a", false, "everything")
	kernel := f.BoolP("kernel-name", "s", false, "the system's name")
	node := f.BoolP("nodename", "n", false, "the host's name")
	release := f.BoolP("kernel-release", "r", false, "the kernel's release")
	version := f.BoolP("kernel-version", "v", false, "the kernel's build")
	machine := f.BoolP("machine", "m", false, "the hardware")
	if _, err := c.parse(f, "[-asnrvm]", 0, 0); err != nil {
		return err
	}
	var system unix.Utsname
	if err := unix.Uname(&system); err != nil {
		return err
	}
	if !*all && !*node && !*release && !*version && !*machine {
		*kernel = true
	}
	var parts []string
	for _, p := range []struct {
		show bool
		text [65]byte
	}{{*kernel, system.Sysname}, {*node, system.Nodename}, {*release, system.Release}, {*version, system.Version}, {*machine, system.Machine}} {
		if p.show || *all {
			parts = append(parts, unix.ByteSliceToString(p.text[:]))
		}
	}
	fmt.Fprintln(c.out, strings.Join(parts, " "))
	return nil
}

// date prints the time; the format is a subset of strftime's.
func date(c *call) error {
	f := c.flags()
	utc := f.BoolP("utc", "u", false, "in UTC, as a container without time zones always does")
	iso := f.StringP("iso-8601", "I", "", "as 2006-01-02, or with seconds as 2006-01-02T15:04:05+00:00")
	f.Lookup("iso-8601").NoOptDefVal = "date"
	operands, err := c.parse(f, "[-u] [-Iseconds] [+FORMAT]", 0, 1)
	if err != nil {
		return err
	}
	now := time.Now()
	if *utc {
		now = now.UTC()
	}
	switch {
	case *iso == "seconds" || *iso == "s":
		fmt.Fprintln(c.out, now.Format("2006-01-02T15:04:05-07:00"))
	case *iso != "":
		fmt.Fprintln(c.out, now.Format("2006-01-02"))
	case len(operands) == 0:
		fmt.Fprintln(c.out, now.Format("Mon Jan _2 15:04:05 MST 2006"))
	case operands[0][:min(1, len(operands[0]))] != "+":
		return fmt.Errorf("%s: setting the clock is not possible; a format begins with +", operands[0])
	default:
		fmt.Fprintln(c.out, strftime(now, operands[0][1:]))
	}
	return nil
}

func strftime(t time.Time, format string) string {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'y': "06",
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'Z': "MST", 'z': "-0700", 'j': "002",
		'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'c': "Mon Jan _2 15:04:05 2006"}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch letter := format[i]; letter {
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'N':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '%':
			b.WriteByte('%')
		default:
			if layout, known := layouts[letter]; known {
				b.WriteString(t.Format(layout))
			} else {
				b.WriteString(format[i-1 : i+1])
			}
		}
	}
	return b.String()
}

func env(c *call) error {
	f := c.flags()
	f.SetInterspersed(false)
	empty := f.BoolP("ignore-environment", "i", false, "begin with nothing")
	unset := f.StringArrayP("unset", "u", nil, "without this `name`")
	operands, err := c.parse(f, "[-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARGUMENT]...]", 0, -1)
	if err != nil {
		return err
	}
	environment := os.Environ()
	if *empty {
		environment = nil
	}
	drop := func(name string) {
		environment = slices.DeleteFunc(environment, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	for _, name := range *unset {
		drop(name)
	}
	for len(operands) > 0 {
		name, _, found := strings.Cut(operands[0], "=")
		if !found {
			break
		}
		drop(name)
		environment = append(environment, operands[0])
		operands = operands[1:]
	}
	if len(operands) == 0 {
		for _, e := range environment {
			fmt.Fprintln(c.out, e)
		}
		return nil
	}
	program, err := lookPath(operands[0])
	if err != nil {
		fmt.Fprintf(c.err, "env: %s: not found\n", operands[0])
		return status(127)
	}
	err = unix.Exec(program, operands, environment)
	return &os.PathError{Op: "exec", Path: operands[0], Err: err}
}

func printenv(c *call) error {
	operands, err := c.parse(c.flags(), "[NAME]...", 0, -1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		for _, e := range os.Environ() {
			fmt.Fprintln(c.out, e)
		}
		return nil
	}
	var missing error
	for _, name := range operands {
		value, set := os.LookupEnv(name)
		if !set {
			missing = status(1)
			continue
		}
		fmt.Fprintln(c.out, value)
	}
	return missing
}

func which(c *call) error {
	operands, err := c.parse(c.flags(), "NAME...", 1, -1)
	if err != nil {
		return err
	}
	var missing error
	for _, name := range operands {
		path, err := exec.LookPath(name)
		if err != nil {
			missing = status(1)
			continue
		}
		fmt.Fprintln(c.out, path)
	}
	return missing
}

func seq(c *call) error {
	operands, err := c.parse(c.flags(), "[FIRST [STEP]] LAST", 1, 3)
	if err != nil {
		return err
	}
	numbers := []int{1, 1, 0}
	places := map[int][]int{1: {2}, 2: {0, 2}, 3: {0, 1, 2}}[len(operands)]
	for i, operand := range operands {
		if numbers[places[i]], err = strconv.Atoi(operand); err != nil {
			return fmt.Errorf("invalid number %q", operand)
		}
	}
	first, step, last := numbers[0], numbers[1], numbers[2]
	if step == 0 {
		return errors.New("step is zero")
	}
	for n := first; (step > 0 && n <= last) || (step < 0 && n >= last); n += step {
		if _, err := fmt.Fprintln(c.out, n); err != nil {
			return err
		}
	}
	return nil
}

func yes(c *call) error {
	line := "y"
	if len(c.args) > 0 {
		line = strings.Join(c.args, " ")
	}
	for {
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
}
