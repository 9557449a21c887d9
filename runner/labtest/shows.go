package labtest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/testscript"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/runner"
)

// shows ID N [COMMANDS]: what the page says is seen is seen. The block N of those that
// the page marks text, the first being 1, is what the last commands (1 when left out)
// of the code block above it print. They are run as they stand on the page, again and
// again until they print that, for a lesson shows what is seen after a moment.
func (s *stage) shows(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return errArgs
	}
	last := 1
	n, err := strconv.Atoi(args[1])
	if err == nil && len(args) == 3 {
		last, err = strconv.Atoi(args[2])
	}
	if err != nil {
		return errArgs
	}
	block, commands, err := s.shown(args[0], n, last)
	if err != nil {
		return err
	}
	var screen bytes.Buffer
	said := ""
	shell := s.session.ShellIn(ts.MkAbs("."), s.podlab, &screen)
	ctx, stop := context.WithTimeout(s.ctx, s.patience)
	defer stop()
	want := masked(block)
	for {
		screen.Reset()
		for _, command := range commands {
			if _, err := shell.Run(ctx, command); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if ctx.Err() == nil || said == "" { // a command that was cut short says less than the last time
			said = screen.String()
		}
		got := abridged(want, masked(said))
		if slices.Equal(want, got) {
			ts.Logf("%s", content.Text(said))
			return nil
		}
		select {
		case <-time.After(between):
			continue
		case <-ctx.Done():
		}
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		ts.Logf("%s", content.Text(said))
		return fmt.Errorf("after %s block %d of page %s is not what its commands print:\n%s", s.patience, n, args[0],
			diff.Diff("page", lines(want), "cluster", lines(got)))
	}
}

// between is how long to wait before a command is tried again: states that pass
// last a second or more.
const between = 300 * time.Millisecond

// shown is the block n of a page that shows output, and the last of the commands
// above it.
func (s *stage) shown(step string, n, last int) (block string, commands []string, err error) {
	at := s.session.Lab.Step(step)
	if at < 0 {
		return "", nil, fmt.Errorf("the lab has no page %s", step)
	}
	page, err := content.Parse(s.session.Lab.Steps[at].Lesson)
	if err != nil {
		return "", nil, err
	}
	outputs := page.Outputs()
	if n < 1 || n > len(outputs) {
		return "", nil, fmt.Errorf("page %s has %d blocks marked text, and no block %d", step, len(outputs), n)
	}
	o := outputs[n-1]
	commands, err = runner.Statements([]byte(o.Commands), s.session.Lab.Steps[at].File)
	if err != nil {
		return "", nil, err
	}
	if last < 1 || last > len(commands) {
		return "", nil, fmt.Errorf("above block %d of page %s there are %d commands", n, step, len(commands))
	}
	return o.Text, commands[len(commands)-last:], nil
}

// abridged leaves out of the lines got what the lines want leave out. It is equal to
// want if got is what want says, and else as near to it as is easily had, for a
// reader to compare. Of want, a line … or ... stands for any number of lines, and …
// within a line for any text.
func abridged(want, got []string) []string {
	if len(want) == 0 {
		return got
	}
	if want[0] != "…" && want[0] != "..." {
		if len(got) == 0 {
			return nil
		}
		line := got[0]
		if fits(want[0], line) {
			line = want[0]
		}
		return append([]string{line}, abridged(want[1:], got[1:])...)
	}
	var nearest []string
	for from := range len(got) + 1 {
		rest := abridged(want[1:], got[from:])
		out := append([]string{want[0]}, rest...)
		if slices.Equal(rest, want[1:]) {
			return out
		}
		if nearest == nil && len(rest) > 0 && len(want) > 1 && rest[0] == want[1] {
			nearest = out
		}
	}
	if nearest == nil { // what comes after the gap is nowhere
		return got
	}
	return nearest
}

// fits tells whether a line is what the line want says.
func fits(want, line string) bool {
	parts := strings.Split(want, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(line)
}

// lines is the text of the lines.
func lines(text []string) []byte { return []byte(strings.Join(text, "\n") + "\n") }
