//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mount lists what is mounted. It mounts nothing: a lesson shows volumes with it.
func mount(c *call) error {
	if len(c.args) > 0 {
		return errors.New("this one only lists what is mounted")
	}
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(table)) {
		if p := strings.Fields(line); len(p) >= 4 {
			fmt.Fprintf(c.out, "%s on %s type %s (%s)\n", p[0], p[1], p[2], p[3])
		}
	}
	return nil
}

// df shows the space on file systems, in KiB or with -h in larger units.
func df(c *call) error {
	f := c.flags()
	readable := f.Bool("human-readable", false, "in larger units (-h)")
	f.BoolP("kilobytes", "k", false, "in KiB, which is how it always is")
	f.BoolVarP(readable, "h", "h", false, "the same")
	f.BoolP("posix", "P", false, "a line each, which is how it always is")
	operands, err := c.parse(f, "[-h] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	show := func(bytes uint64) string {
		if *readable {
			return human(bytes)
		}
		return strconv.FormatUint(bytes/1024, 10)
	}
	fmt.Fprintf(c.out, "%-20s %12s %12s %12s %4s %s\n", "Filesystem", map[bool]string{true: "Size", false: "1K-blocks"}[*readable], "Used", "Available", "Use%", "Mounted on")
	row := func(device, path string) error {
		var s unix.Statfs_t
		if err := unix.Statfs(path, &s); err != nil {
			return &os.PathError{Op: "statfs", Path: path, Err: err}
		}
		if s.Blocks == 0 {
			return nil
		}
		size := uint64(s.Bsize)
		used, free := (s.Blocks-s.Bfree)*size, s.Bavail*size
		percent := uint64(0)
		if used+free > 0 {
			percent = (used*100 + used + free - 1) / (used + free)
		}
		_, err := fmt.Fprintf(c.out, "%-20s %12s %12s %12s %3d%% %s\n", device, show(s.Blocks*size), show(used), show(free), percent, path)
		return err
	}
	var failed []error
	if len(operands) == 0 {
		for line := range strings.Lines(string(table)) {
			if p := strings.Fields(line); len(p) > 1 {
				_ = row(p[0], p[1]) // one that may not be looked at is left out
			}
		}
	}
	for _, path := range operands {
		device, at := "-", path
		longest := 0
		if full, err := filepath.Abs(path); err == nil {
			for line := range strings.Lines(string(table)) {
				p := strings.Fields(line)
				if len(p) > 1 && len(p[1]) >= longest && (full == p[1] || strings.HasPrefix(full, strings.TrimSuffix(p[1], "/")+"/")) {
					device, at, longest = p[0], p[1], len(p[1])
				}
			}
		}
		if _, err := os.Stat(path); err != nil {
			failed = append(failed, err)
			continue
		}
		failed = append(failed, row(device, at))
	}
	return errors.Join(failed...)
}

// du adds up the space that files take on the disk.
func du(c *call) error {
	f := c.flags()
	f.Bool("human-readable", false, "in larger units (-h)")
	readable := f.BoolP("h", "h", false, "the same")
	f.BoolP("kilobytes", "k", false, "in KiB, which is how it always is")
	sum := f.BoolP("summarize", "s", false, "only the total of each operand")
	operands, err := c.parse(f, "[-hs] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		operands = []string{"."}
	}
	var failed []error
	show := func(bytes int64, path string) {
		text := strconv.FormatInt((bytes+1023)/1024, 10)
		if *readable {
			text = human(uint64(bytes))
		}
		fmt.Fprintf(c.out, "%s\t%s\n", text, path)
	}
	var measure func(path string, top bool) int64
	measure = func(path string, top bool) int64 {
		info, err := os.Lstat(path)
		if err != nil {
			failed = append(failed, err)
			return 0
		}
		total := info.Sys().(*syscall.Stat_t).Blocks * 512
		if info.IsDir() {
			entries, err := os.ReadDir(path)
			failed = append(failed, err)
			for _, e := range entries {
				total += measure(filepath.Join(path, e.Name()), false)
			}
		}
		if top || (info.IsDir() && !*sum) {
			show(total, path)
		}
		return total
	}
	for _, path := range operands {
		measure(path, true)
	}
	return errors.Join(failed...)
}

// dd copies blocks: if=, of=, bs=, count=. It is how a lesson fills a volume.
func dd(c *call) error {
	in, out := io.Reader(c.in), c.out
	block, count := int64(512), int64(-1)
	for _, arg := range c.args {
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch key {
		case "if":
			var file *os.File
			if file, err = os.Open(value); err == nil {
				defer file.Close()
				in = file
			}
		case "of":
			var file *os.File
			if file, err = os.OpenFile(value, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666); err == nil {
				defer file.Close()
				out = file
			}
		case "bs":
			block, err = quantity(value)
			if err == nil && (block < 1 || block > 1<<30) {
				err = fmt.Errorf("invalid block size %q", value)
			}
		case "count":
			count, err = strconv.ParseInt(value, 10, 64)
		default:
			err = fmt.Errorf("%s: want if=, of=, bs= or count=", arg)
		}
		if err != nil {
			return err
		}
	}
	buffer := make([]byte, block)
	var total int64
	var failed error
	for ; count != 0; count-- {
		n, err := io.ReadFull(in, buffer)
		if n > 0 {
			written, err := out.Write(buffer[:n])
			total += int64(written)
			if err != nil {
				failed = err
				break
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			failed = err
			break
		}
	}
	fmt.Fprintf(c.err, "%d bytes (%s) copied\n", total, human(uint64(total)))
	return failed
}

// quantity reads a number of bytes such as 64, 10k, 200M, 200Mi or 1G.
func quantity(text string) (int64, error) {
	number := strings.TrimRight(text, "kKmMgGiB")
	n, err := strconv.ParseInt(number, 10, 64)
	units := map[string]int64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
	unit, known := units[strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(text[len(number):], "B"), "i"))]
	if err != nil || !known || n < 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("invalid size %q", text)
	}
	return n * unit, nil
}
