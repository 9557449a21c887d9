//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// tailPoll is how often tail -f looks whether its file has grown.
const tailPoll = 200 * time.Millisecond

// amount is the value of -n or -c: a number, or with a plus the number of the
// first line or byte to show.
type amount struct {
	n         int
	fromStart bool
	bytes     bool
}

// edge is what head and tail share: -n LINES, -c BYTES, the old -LINES, and a
// title before each of several files. tail adds flags with more, and awaits files.
func (c *call) edge(more func(f *pflag.FlagSet), await func(name string), do func(name string, r io.Reader, a amount) error) error {
	for i, arg := range c.args {
		if len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "0123456789") == "" {
			c.args = slices.Replace(slices.Clone(c.args), i, i+1, "-n", arg[1:])
			break
		}
	}
	f := c.flags()
	lines := f.StringP("lines", "n", "10", "how many `lines`; of tail, +N means from line N on")
	bytes := f.StringP("bytes", "c", "", "how many `bytes` instead")
	quiet := f.BoolP("quiet", "q", false, "no titles")
	more(f)
	operands, err := c.parse(f, "[-n LINES | -c BYTES] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	text, a := *lines, amount{bytes: *bytes != ""}
	if a.bytes {
		text = *bytes
	}
	digits, plus := strings.CutPrefix(text, "+")
	a.fromStart = plus
	if a.n, err = strconv.Atoi(digits); err != nil || a.n < 0 || (plus && c.name == "head") {
		return fmt.Errorf("invalid number %q", text)
	}
	for _, name := range operands {
		await(name)
	}
	first := true
	return c.eachInput(operands, func(name string, r io.Reader) error {
		if len(operands) > 1 && !*quiet {
			if !first {
				fmt.Fprintln(c.out)
			}
			fmt.Fprintf(c.out, "==> %s <==\n", name)
		}
		first = false
		return do(name, r, a)
	})
}

func head(c *call) error {
	return c.edge(func(*pflag.FlagSet) {}, func(string) {}, func(_ string, r io.Reader, a amount) error {
		var err error
		if a.bytes {
			_, err = io.CopyN(c.out, r, int64(a.n))
		} else {
			err = lines(r, func(line string) error {
				if a.n--; a.n < 0 {
					return io.EOF
				}
				_, err := fmt.Fprintln(c.out, line)
				return err
			})
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
}

// tail prints the end of its input. With -f it then follows a file as it grows;
// with -F also when another file takes its name, as log rotation does, and it
// waits for one that does not exist yet.
func tail(c *call) error {
	follow, retry := new(bool), new(bool)
	flags := func(f *pflag.FlagSet) {
		follow = f.BoolP("follow", "f", false, "go on as the file grows")
		retry = f.BoolP("retry", "F", false, "like -f, also when the file is replaced")
	}
	await := func(name string) {
		if *retry && name != "-" {
			c.appear(name)
		}
	}
	return c.edge(flags, await, func(name string, r io.Reader, a amount) error {
		if err := c.ending(r, a); err != nil {
			return err
		}
		file, isFile := r.(*os.File)
		if !(*follow || *retry) || !isFile || name == "-" {
			return nil
		}
		return c.follow(name, file, *retry)
	})
}

// appear waits until a file can be opened, and says so.
func (c *call) appear(name string) {
	for tried := false; ; tried = true {
		file, err := os.Open(name)
		if err == nil {
			file.Close()
			if tried {
				fmt.Fprintf(c.err, "tail: %s has appeared; following new file\n", name)
			}
			return
		}
		if !tried {
			c.complain(err)
		}
		time.Sleep(tailPoll)
	}
}

// ending prints the last lines or bytes of r.
func (c *call) ending(r io.Reader, a amount) error {
	if a.bytes {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		at := max(0, len(data)-a.n)
		if a.fromStart {
			at = min(len(data), max(0, a.n-1))
		}
		_, err = c.out.Write(data[at:])
		return err
	}
	number := 0
	var kept []string
	err := lines(r, func(line string) error {
		number++
		if a.fromStart {
			if number < a.n {
				return nil
			}
			_, err := fmt.Fprintln(c.out, line)
			return err
		}
		if kept = append(kept, line); len(kept) > a.n {
			kept = kept[1:]
		}
		return nil
	})
	for _, line := range kept {
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	return err
}

// follow copies what is written to a file from now on. It ends only by a signal
// or an error.
func (c *call) follow(name string, file *os.File, retry bool) error {
	current := file
	for {
		if _, err := io.Copy(c.out, current); err != nil {
			return err
		}
		time.Sleep(tailPoll)
		old, err := current.Stat()
		if err != nil {
			return err
		}
		if at, err := current.Seek(0, io.SeekCurrent); err == nil && old.Size() < at {
			fmt.Fprintf(c.err, "tail: %s: file truncated\n", name)
			if _, err := current.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
		if !retry {
			continue
		}
		if info, err := os.Stat(name); err == nil && !os.SameFile(info, old) {
			next, err := os.Open(name)
			if err != nil {
				continue
			}
			fmt.Fprintf(c.err, "tail: %s has been replaced; following new file\n", name)
			if current != file { // that one is closed by who opened it
				current.Close()
			}
			current = next
		}
	}
}
