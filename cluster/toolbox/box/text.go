//go:build linux

package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// eachInput calls do for every named file, "-" and none at all being standard
// input. Errors of several files are joined: the others are still read.
func (c *call) eachInput(names []string, do func(name string, r io.Reader) error) error {
	if len(names) == 0 {
		names = []string{"-"}
	}
	var failed []error
	for _, name := range names {
		if name == "-" {
			failed = append(failed, do(name, c.in))
			continue
		}
		file, err := os.Open(name)
		if err == nil {
			err = do(name, file)
			file.Close()
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// lines calls do with every line of r, without its newline, however long.
func lines(r io.Reader, do func(line string) error) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := do(strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func cat(c *call) error {
	f := c.flags()
	number := f.BoolP("number", "n", false, "number the lines")
	f.BoolP("unbuffered", "u", false, "at once, which is how it always is")
	operands, err := c.parse(f, "[-n] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	count := 0
	return c.eachInput(operands, func(_ string, r io.Reader) error {
		if !*number {
			_, err := io.Copy(c.out, r)
			return err
		}
		return lines(r, func(line string) error {
			count++
			_, err := fmt.Fprintf(c.out, "%6d\t%s\n", count, line)
			return err
		})
	})
}

func tee(c *call) error {
	f := c.flags()
	more := f.BoolP("append", "a", false, "write at the files' ends")
	operands, err := c.parse(f, "[-a] FILE...", 0, -1)
	if err != nil {
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if *more {
		mode = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	outputs := []io.Writer{c.out}
	var failed []error
	for _, name := range operands {
		file, err := os.OpenFile(name, mode, 0o666)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		defer file.Close()
		outputs = append(outputs, file)
	}
	_, err = io.Copy(io.MultiWriter(outputs...), c.in)
	return errors.Join(append(failed, err)...)
}

// grep searches lines by regular expressions in Go's syntax, which is that of
// grep -E in all but back references. Exit code 1 means no line was found, 2
// means trouble.
func grep(c *call) error {
	f := c.flags()
	f.BoolP("extended-regexp", "E", false, "extended expressions, which is how it always is")
	fixed := f.BoolP("fixed-strings", "F", false, "the pattern is plain text")
	patterns := f.StringArrayP("regexp", "e", nil, "a `pattern`; may be given several times")
	ignoreCase := f.BoolP("ignore-case", "i", false, "upper and lower case alike")
	invert := f.BoolP("invert-match", "v", false, "the other lines")
	whole := f.BoolP("word-regexp", "w", false, "whole words only")
	wholeLine := f.BoolP("line-regexp", "x", false, "whole lines only")
	count := f.BoolP("count", "c", false, "only how many lines")
	files := f.BoolP("files-with-matches", "l", false, "only the files' names")
	number := f.BoolP("line-number", "n", false, "with line numbers")
	only := f.BoolP("only-matching", "o", false, "only what matches")
	quiet := f.BoolP("quiet", "q", false, "only the exit code")
	noName := f.BoolP("no-filename", "h", false, "without files' names")
	recursive := f.BoolP("recursive", "r", false, "directories and all in them")
	after := f.IntP("after-context", "A", 0, "this many `lines` after each")
	most := f.IntP("max-count", "m", -1, "at most this many `lines` of a file")
	operands, err := c.parse(f, "[FLAG]... PATTERN [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	if len(*patterns) == 0 {
		if len(operands) == 0 {
			fmt.Fprintln(c.err, "grep: pattern missing")
			return errUsage
		}
		*patterns, operands = operands[:1], operands[1:]
	}
	match, err := expression(*patterns, *fixed, *ignoreCase, *whole, *wholeLine)
	if err != nil {
		fmt.Fprintf(c.err, "grep: %v\n", err)
		return errUsage
	}
	showName := len(operands) > 1 || *recursive
	if *recursive {
		if operands, err = below(operands); err != nil {
			c.complain(err)
		}
	}
	found := false
	err = c.eachInput(operands, func(name string, r io.Reader) error {
		prefix := ""
		if showName && !*noName {
			prefix = name + ":"
		}
		at, hits, context := 0, 0, 0
		err := lines(r, func(line string) error {
			at++
			if match.MatchString(line) == *invert || hits == *most {
				if context > 0 {
					context--
					fmt.Fprintf(c.out, "%s%s\n", prefix, line)
				} else if hits == *most {
					return io.EOF
				}
				return nil
			}
			found, context = true, *after
			hits++
			if *quiet || *files {
				return io.EOF
			}
			if *count {
				return nil
			}
			if *number {
				fmt.Fprintf(c.out, "%s%d:", prefix, at)
			} else {
				fmt.Fprint(c.out, prefix)
			}
			if *only && !*invert {
				line = strings.Join(match.FindAllString(line, -1), "\n")
			}
			_, err := fmt.Fprintln(c.out, line)
			return err
		})
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if *files && hits > 0 {
			fmt.Fprintln(c.out, name)
		}
		if *count {
			fmt.Fprintf(c.out, "%s%d\n", prefix, hits)
		}
		return err
	})
	switch {
	case err != nil:
		c.complain(err)
		return status(2)
	case !found:
		return status(1)
	}
	return nil
}

func expression(patterns []string, fixed, ignoreCase, whole, wholeLine bool) (*regexp.Regexp, error) {
	parts := make([]string, len(patterns))
	for i, p := range patterns {
		if fixed {
			p = regexp.QuoteMeta(p)
		} else {
			// Basic expressions escape these to give them their meaning.
			p = strings.NewReplacer(`\\`, `\\`, `\|`, `|`, `\+`, `+`, `\?`, `?`, `\(`, `(`, `\)`, `)`, `\{`, `{`, `\}`, `}`, `\<`, `\b`, `\>`, `\b`).Replace(p)
		}
		parts[i] = "(?:" + p + ")"
	}
	text := strings.Join(parts, "|")
	switch {
	case wholeLine:
		text = "^(?:" + text + ")$"
	case whole:
		text = `\b(?:` + text + `)\b`
	}
	if ignoreCase {
		text = "(?i)" + text
	}
	return regexp.Compile(text)
}

func sha256sum(c *call) error {
	operands, err := c.parse(c.flags(), "[FILE]...", 0, -1)
	if err != nil {
		return err
	}
	return c.eachInput(operands, func(name string, r io.Reader) error {
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%x  %s\n", sum.Sum(nil), name)
		return nil
	})
}

func base64Text(c *call) error {
	f := c.flags()
	decode := f.BoolP("decode", "d", false, "decode")
	width := f.IntP("wrap", "w", 76, "`columns` of a line; 0 for one line")
	operands, err := c.parse(f, "[-d] [-w COLUMNS] [FILE]", 0, 1)
	if err != nil {
		return err
	}
	return c.eachInput(operands, func(_ string, r io.Reader) error {
		if *decode {
			if _, err := io.Copy(c.out, base64.NewDecoder(base64.StdEncoding, r)); err != nil {
				return errors.New("invalid input")
			}
			return nil
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		text := base64.StdEncoding.EncodeToString(raw)
		if *width <= 0 {
			_, err := io.WriteString(c.out, text)
			return err
		}
		for len(text) > 0 {
			n := min(*width, len(text))
			fmt.Fprintln(c.out, text[:n])
			text = text[n:]
		}
		return nil
	})
}

func wc(c *call) error {
	f := c.flags()
	showLines := f.BoolP("lines", "l", false, "lines")
	showWords := f.BoolP("words", "w", false, "words")
	showBytes := f.BoolP("bytes", "c", false, "bytes")
	operands, err := c.parse(f, "[-lwc] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	if !*showLines && !*showWords && !*showBytes {
		*showLines, *showWords, *showBytes = true, true, true
	}
	print := func(counts [3]int, name string) {
		var columns []string
		for i, show := range []bool{*showLines, *showWords, *showBytes} {
			if show {
				columns = append(columns, strconv.Itoa(counts[i]))
			}
		}
		if name != "-" {
			columns = append(columns, name)
		}
		fmt.Fprintln(c.out, strings.Join(columns, " "))
	}
	var total [3]int
	err = c.eachInput(operands, func(name string, r io.Reader) error {
		var counts [3]int
		in := bufio.NewReader(r)
		word := false
		for {
			b, err := in.ReadByte()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			counts[2]++
			space := b == ' ' || (b >= '\t' && b <= '\r')
			if !space && !word {
				counts[1]++
			}
			word = !space
			if b == '\n' {
				counts[0]++
			}
		}
		for i := range total {
			total[i] += counts[i]
		}
		print(counts, name)
		return nil
	})
	if len(operands) > 1 {
		print(total, "total")
	}
	return err
}

// below lists the files under paths, for grep -r.
func below(paths []string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	var failed []error
	for _, path := range paths {
		failed = append(failed, filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				files = append(files, at)
			}
			return err
		}))
	}
	return files, errors.Join(failed...)
}
