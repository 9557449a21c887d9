//go:build linux

package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// sortLines is sort.
func sortLines(c *call) error {
	f := c.flags()
	numeric := f.BoolP("numeric-sort", "n", false, "by the number at the line's start")
	reverse := f.BoolP("reverse", "r", false, "in reverse order")
	unique := f.BoolP("unique", "u", false, "equal lines once")
	key := f.StringP("key", "k", "1", "begin with this `field`, counted from 1")
	separator := f.StringP("field-separator", "t", "", "what is between fields; blanks by default")
	operands, err := c.parse(f, "[-nru] [-k FIELD] [-t SEPARATOR] [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	digits, _, _ := strings.Cut(strings.TrimRight(*key, "nr"), ",")
	field, err := strconv.Atoi(digits)
	if err != nil || field < 1 {
		return fmt.Errorf("invalid key %q", *key)
	}
	*numeric = *numeric || strings.HasSuffix(*key, "n")
	var all []string
	err = c.eachInput(operands, func(_ string, r io.Reader) error {
		return lines(r, func(line string) error { all = append(all, line); return nil })
	})
	part := func(line string) string {
		if *separator == "" {
			fields := strings.Fields(line)
			if field == 1 || field > len(fields) {
				return strings.Join(fields[min(field-1, len(fields)):], " ")
			}
			return strings.Join(fields[field-1:], " ")
		}
		fields := strings.SplitN(line, *separator, field)
		if field > len(fields) {
			return ""
		}
		return fields[field-1]
	}
	slices.SortStableFunc(all, func(a, b string) int {
		order := 0
		switch {
		case *numeric:
			order = cmp.Or(cmp.Compare(leadingNumber(part(a)), leadingNumber(part(b))), cmp.Compare(a, b))
		case field == 1 && *separator == "":
			order = cmp.Compare(a, b)
		default:
			order = cmp.Or(cmp.Compare(part(a), part(b)), cmp.Compare(a, b))
		}
		if *reverse {
			return -order
		}
		return order
	})
	if *unique {
		all = slices.Compact(all)
	}
	out := bufio.NewWriter(c.out)
	for _, line := range all {
		fmt.Fprintln(out, line)
	}
	return errors.Join(err, out.Flush())
}

// leadingNumber is the number at the start of s, 0 if there is none.
func leadingNumber(s string) float64 {
	s = strings.TrimLeft(s, " \t")
	for end := len(s); end > 0; end-- {
		if s[end-1] < '0' || s[end-1] > '9' {
			continue
		}
		if n, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return n
		}
	}
	return 0
}

func uniq(c *call) error {
	f := c.flags()
	count := f.BoolP("count", "c", false, "how often each line came")
	repeated := f.BoolP("repeated", "d", false, "only lines that came several times")
	operands, err := c.parse(f, "[-cd] [FILE]", 0, 1)
	if err != nil {
		return err
	}
	return c.eachInput(operands, func(_ string, r io.Reader) error {
		last, times := "", 0
		flush := func() {
			if times == 0 || (*repeated && times == 1) {
				return
			}
			if *count {
				fmt.Fprintf(c.out, "%7d ", times)
			}
			fmt.Fprintln(c.out, last)
		}
		err := lines(r, func(line string) error {
			if times > 0 && line != last {
				flush()
				times = 0
			}
			last = line
			times++
			return nil
		})
		flush()
		return err
	})
}

func cut(c *call) error {
	f := c.flags()
	fieldList := f.StringP("fields", "f", "", "the `fields`, such as 1,3-5")
	characters := f.StringP("characters", "c", "", "the `characters` instead")
	delimiter := f.StringP("delimiter", "d", "\t", "what is between fields")
	operands, err := c.parse(f, "-f FIELDS [-d DELIMITER] | -c CHARACTERS [FILE]...", 0, -1)
	if err != nil {
		return err
	}
	chosen, err := ranges(cmp.Or(*fieldList, *characters))
	if err != nil {
		return err
	}
	return c.eachInput(operands, func(_ string, r io.Reader) error {
		return lines(r, func(line string) error {
			between := *delimiter
			parts := strings.Split(line, between)
			if *fieldList == "" {
				between, parts = "", strings.Split(line, "")
			} else if len(parts) == 1 {
				_, err := fmt.Fprintln(c.out, line)
				return err
			}
			var kept []string
			for i, part := range parts {
				if chosen(i + 1) {
					kept = append(kept, part)
				}
			}
			_, err := fmt.Fprintln(c.out, strings.Join(kept, between))
			return err
		})
	})
}

// ranges reads a list like 1,3-5,7- of numbers from 1.
func ranges(list string) (func(int) bool, error) {
	type span struct{ from, to int }
	var spans []span
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		s := span{1, 1 << 30}
		var errs [2]error
		if from != "" {
			s.from, errs[0] = strconv.Atoi(from)
		}
		if !isRange {
			s.to = s.from
		} else if to != "" {
			s.to, errs[1] = strconv.Atoi(to)
		}
		if part == "" || part == "-" || s.from < 1 || errs[0] != nil || errs[1] != nil {
			return nil, fmt.Errorf("invalid list %q", list)
		}
		spans = append(spans, s)
	}
	return func(n int) bool {
		return slices.ContainsFunc(spans, func(s span) bool { return s.from <= n && n <= s.to })
	}, nil
}

// tr replaces or deletes characters.
func tr(c *call) error {
	f := c.flags()
	remove := f.BoolP("delete", "d", false, "delete them")
	squeeze := f.BoolP("squeeze-repeats", "s", false, "of repeated ones keep one")
	operands, err := c.parse(f, "[-ds] FROM [TO]", 1, 2)
	if err != nil {
		return err
	}
	from := characterSet(operands[0])
	to := []rune{}
	if len(operands) == 2 {
		to = characterSet(operands[1])
	}
	if !*remove && !*squeeze && len(to) == 0 {
		return errors.New("missing operand")
	}
	in, out := bufio.NewReader(c.in), bufio.NewWriter(c.out)
	last := rune(-1)
	for {
		r, _, err := in.ReadRune()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		at := slices.Index(from, r)
		if at >= 0 && *remove {
			continue
		}
		if at >= 0 && len(to) > 0 {
			r = to[min(at, len(to)-1)]
		}
		if at >= 0 && *squeeze && r == last {
			continue
		}
		last = r
		out.WriteRune(r)
		if r == '\n' {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// characterSet expands ranges (a-z), escapes (\n) and classes ([:upper:]).
func characterSet(text string) []rune {
	text = strings.NewReplacer("[:upper:]", "A-Z", "[:lower:]", "a-z", "[:digit:]", "0-9", "[:alpha:]", "A-Za-z", "[:alnum:]", "A-Za-z0-9",
		"[:space:]", " \t\n\r\v\f", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\\`, `\`).Replace(text)
	in := []rune(text)
	var set []rune
	for i := 0; i < len(in); i++ {
		if i+2 < len(in) && in[i+1] == '-' && in[i] <= in[i+2] {
			for r := in[i]; r <= in[i+2]; r++ {
				set = append(set, r)
			}
			i += 2
			continue
		}
		set = append(set, in[i])
	}
	return set
}
