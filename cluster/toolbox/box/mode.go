//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// changeMode sets a file's mode to an octal number, or changes it by clauses
// like u+x,go-w.
func changeMode(path, text string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode, err := newMode(info.Sys().(*syscall.Stat_t).Mode&0o7777, text, info.IsDir())
	if err != nil {
		return err
	}
	if err := unix.Chmod(path, mode); err != nil {
		return &os.PathError{Op: "chmod", Path: path, Err: err}
	}
	return nil
}

// newMode applies a mode text to old, the permission bits of a file.
func newMode(old uint32, text string, isFolder bool) (uint32, error) {
	if n, err := strconv.ParseUint(text, 8, 32); err == nil && n <= 0o7777 {
		return uint32(n), nil
	}
	mode := old
	for clause := range strings.SplitSeq(text, ",") {
		at := strings.IndexAny(clause, "+-=")
		if at < 0 || strings.Trim(clause[:at], "ugoa") != "" || strings.Trim(clause[at+1:], "rwxXst") != "" {
			return 0, fmt.Errorf("invalid mode %q", text)
		}
		who := clause[:at]
		if who == "" || strings.Contains(who, "a") {
			who = "ugo"
		}
		var bits, mask uint32
		for _, letter := range who {
			shift := map[rune]uint32{'u': 6, 'g': 3, 'o': 0}[letter]
			mask |= 7 << shift
			for _, right := range clause[at+1:] {
				switch right {
				case 'r':
					bits |= 4 << shift
				case 'w':
					bits |= 2 << shift
				case 'x':
					bits |= 1 << shift
				case 'X':
					if isFolder || old&0o111 != 0 {
						bits |= 1 << shift
					}
				case 's':
					bits |= map[rune]uint32{'u': 0o4000, 'g': 0o2000}[letter]
				case 't':
					bits |= 0o1000
				}
			}
		}
		switch clause[at] {
		case '+':
			mode |= bits
		case '-':
			mode &^= bits
		default:
			mode = mode&^mask | bits
		}
	}
	return mode, nil
}

func ownerOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

func groupOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Gid) }
