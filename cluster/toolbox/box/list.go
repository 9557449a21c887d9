//go:build linux

package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listing is how ls shows files.
type listing struct {
	all, long, human, numeric, directory, recursive, byTime, bySize, reverse, inode, classify, follow bool
	names                                                                                             map[string]string // of user and group ids
}

// list is ls. A name it cannot read makes the exit code 1, as scripts expect.
func list(c *call) error {
	l := listing{names: map[string]string{}}
	f := c.flags()
	almost := f.BoolP("almost-all", "A", false, "like -a without . and ..")
	f.BoolVarP(&l.all, "all", "a", false, "show names that begin with a dot")
	f.BoolVarP(&l.directory, "directory", "d", false, "a directory itself, not what is in it")
	f.BoolVarP(&l.classify, "classify", "F", false, "mark directories /, programs * and links @")
	f.BoolP("human-readable", "h", false, "sizes as 1.5K, 2.0M")
	f.BoolVarP(&l.inode, "inode", "i", false, "inode numbers")
	f.BoolVarP(&l.follow, "dereference", "L", false, "what links lead to, not the links")
	f.BoolVarP(&l.long, "long", "l", false, "mode, owner, size and time")
	f.BoolVarP(&l.numeric, "numeric-uid-gid", "n", false, "like -l, with numbers for owners")
	f.BoolVarP(&l.recursive, "recursive", "R", false, "directories within directories too")
	f.BoolVarP(&l.reverse, "reverse", "r", false, "in reverse order")
	f.BoolVarP(&l.bySize, "size-sort", "S", false, "largest first")
	f.BoolVarP(&l.byTime, "time-sort", "t", false, "newest first")
	f.BoolP("one", "1", false, "one name a line, which is how it always is")
	operands, err := c.parse(f, "[FLAG]... [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	l.human, _ = f.GetBool("human-readable")
	l.long = l.long || l.numeric
	if len(operands) == 0 {
		operands = []string{"."}
	}
	out := bufio.NewWriter(c.out)
	var failed error
	var files []entry
	var folders []string
	for _, name := range operands {
		e, err := l.newEntry(name, name)
		if err != nil {
			c.complain(err)
			failed = status(1)
			continue
		}
		isFolder := e.IsDir()
		if !l.long && e.Mode()&fs.ModeSymlink != 0 { // a link named on the command line is followed
			if target, err := os.Stat(name); err == nil && target.IsDir() {
				isFolder = true
			}
		}
		if isFolder && !l.directory {
			folders = append(folders, name)
		} else {
			files = append(files, e)
		}
	}
	l.print(out, files)
	for i, folder := range folders {
		if len(operands) > 1 || l.recursive {
			if i > 0 || len(files) > 0 {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "%s:\n", folder)
		}
		if err := l.folder(c, out, folder, *almost); err != nil {
			failed = status(1)
		}
	}
	return errors.Join(failed, out.Flush())
}

// entry is a file to list under a name.
type entry struct {
	fs.FileInfo
	name, path string
}

func (l *listing) newEntry(path, name string) (entry, error) {
	look := os.Lstat
	if l.follow {
		look = os.Stat
	}
	info, err := look(path)
	return entry{FileInfo: info, name: name, path: path}, err
}

func (l *listing) folder(c *call, out *bufio.Writer, folder string, almost bool) error {
	names, err := os.ReadDir(folder)
	if err != nil {
		c.complain(err)
		return err
	}
	var failed error
	var entries []entry
	if l.all {
		for _, dot := range []string{".", ".."} {
			if e, err := l.newEntry(filepath.Join(folder, dot), dot); err == nil {
				entries = append(entries, e)
			}
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name.Name(), ".") && !l.all && !almost {
			continue
		}
		e, err := l.newEntry(filepath.Join(folder, name.Name()), name.Name())
		if err != nil {
			c.complain(err)
			failed = err
			continue
		}
		entries = append(entries, e)
	}
	l.print(out, entries)
	if !l.recursive {
		return failed
	}
	for _, e := range entries {
		if e.IsDir() && e.name != "." && e.name != ".." {
			fmt.Fprintf(out, "\n%s:\n", e.path)
			failed = errors.Join(failed, l.folder(c, out, e.path, almost))
		}
	}
	return failed
}

func (l *listing) print(out *bufio.Writer, entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		order := cmp.Compare(a.name, b.name)
		switch {
		case l.byTime:
			order = cmp.Or(b.ModTime().Compare(a.ModTime()), order)
		case l.bySize:
			order = cmp.Or(cmp.Compare(b.Size(), a.Size()), order)
		}
		if l.reverse {
			return -order
		}
		return order
	})
	var rows [][5]string // mode, links, owner, group, size
	var rest []string
	for _, e := range entries {
		name := printable(e.name)
		if l.classify {
			name += suffix(e.Mode())
		}
		system, _ := e.Sys().(*syscall.Stat_t)
		if l.inode && system != nil {
			name = strconv.FormatUint(system.Ino, 10) + " " + name
		}
		if !l.long || system == nil {
			fmt.Fprintln(out, name)
			continue
		}
		if e.Mode()&fs.ModeSymlink != 0 {
			if target, err := os.Readlink(e.path); err == nil {
				name += " -> " + printable(target)
			}
		}
		size := strconv.FormatInt(e.Size(), 10)
		if l.human {
			size = human(uint64(e.Size()))
		}
		when := e.ModTime().Format("Jan _2 15:04")
		if age := time.Since(e.ModTime()); age > 180*24*time.Hour || age < -time.Hour {
			when = e.ModTime().Format("Jan _2  2006")
		}
		rows = append(rows, [5]string{modeText(e.Mode()), fmt.Sprint(system.Nlink), l.owner("u", system.Uid), l.owner("g", system.Gid), size})
		rest = append(rest, when+" "+name)
	}
	var width [5]int
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for i, row := range rows {
		fmt.Fprintf(out, "%s %*s %-*s %-*s %*s %s\n", row[0], width[1], row[1], width[2], row[2], width[3], row[3], width[4], row[4], rest[i])
	}
	_ = out.Flush() // the final Flush reports the error
}

// owner is the name of a user or group, or its number.
func (l *listing) owner(kind string, number uint32) string {
	text := strconv.FormatUint(uint64(number), 10)
	if l.numeric {
		return text
	}
	key := kind + text
	if name, known := l.names[key]; known {
		return name
	}
	name := text
	if kind == "u" {
		if u, err := user.LookupId(text); err == nil {
			name = u.Username
		}
	} else if g, err := user.LookupGroupId(text); err == nil {
		name = g.Name
	}
	l.names[key] = name
	return name
}

// modeText is a file mode as ls -l shows it.
func modeText(mode fs.FileMode) string {
	kind := byte('-')
	switch {
	case mode.IsDir():
		kind = 'd'
	case mode&fs.ModeSymlink != 0:
		kind = 'l'
	case mode&fs.ModeSocket != 0:
		kind = 's'
	case mode&fs.ModeNamedPipe != 0:
		kind = 'p'
	case mode&fs.ModeCharDevice != 0:
		kind = 'c'
	case mode&fs.ModeDevice != 0:
		kind = 'b'
	}
	text := []byte(mode.Perm().String())
	text[0] = kind
	special := func(bit fs.FileMode, at int, set, unset byte) {
		if mode&bit == 0 {
			return
		}
		if text[at] == 'x' {
			text[at] = set
		} else {
			text[at] = unset
		}
	}
	special(fs.ModeSetuid, 3, 's', 'S')
	special(fs.ModeSetgid, 6, 's', 'S')
	special(fs.ModeSticky, 9, 't', 'T')
	return string(text)
}

func suffix(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "/"
	case mode&fs.ModeSymlink != 0:
		return "@"
	case mode.IsRegular() && mode&0o111 != 0:
		return "*"
	}
	return ""
}

// printable replaces what a file name could do to a terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || (r >= 0x7f && r <= 0x9f) {
			return '?'
		}
		return r
	}, name)
}

// human is a size in binary units, one decimal: 512, 1.5K, 2.0G.
func human(bytes uint64) string {
	if bytes < 1024 {
		return strconv.FormatUint(bytes, 10)
	}
	value, unit := float64(bytes), ""
	for _, unit = range []string{"K", "M", "G", "T", "P"} {
		value /= 1024
		if value < 1024 {
			break
		}
	}
	return fmt.Sprintf("%.1f%s", value, unit)
}

// stat shows what the system knows of a file.
func stat(c *call) error {
	f := c.flags()
	format := f.StringP("format", "c", "", "what to print, of %a %A %F %g %h %i %n %s %u %U %G %Y")
	follow := f.BoolP("dereference", "L", false, "follow links")
	operands, err := c.parse(f, "[-L] [-c FORMAT] FILE...", 1, -1)
	if err != nil {
		return err
	}
	l := listing{names: map[string]string{}}
	var failed []error
	for _, name := range operands {
		info, err := os.Lstat(name)
		if *follow && err == nil {
			info, err = os.Stat(name)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		system := info.Sys().(*syscall.Stat_t)
		values := strings.NewReplacer("%%", "%", "%n", name, "%s", strconv.FormatInt(info.Size(), 10),
			"%a", fmt.Sprintf("%o", system.Mode&0o7777), "%A", modeText(info.Mode()), "%F", kindText(info.Mode()),
			"%u", fmt.Sprint(system.Uid), "%g", fmt.Sprint(system.Gid), "%U", l.owner("u", system.Uid), "%G", l.owner("g", system.Gid),
			"%h", fmt.Sprint(system.Nlink), "%i", fmt.Sprint(system.Ino), "%Y", strconv.FormatInt(info.ModTime().Unix(), 10),
			"%y", info.ModTime().Format("2006-01-02 15:04:05.000000000 -0700"))
		text := *format
		if text == "" {
			text = "  File: %n\n  Size: %s\t%F\nInode: %i\tLinks: %h\nAccess: (%a/%A)\tUid: (%u/%U)\tGid: (%g/%G)\nModify: %y"
		}
		_, _ = io.WriteString(c.out, values.Replace(text)+"\n")
	}
	return errors.Join(failed...)
}

func kindText(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode.IsRegular():
		return "regular file"
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeNamedPipe != 0:
		return "fifo"
	}
	return "device"
}
