package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"podlab.dev/podlab/cue/lab"
)

// Answer is a set of shell scripts, one a step, that does a lab: a solution, or
// a mistake, whose scripts stand in for the solution's at the steps it gets
// wrong.
type Answer struct {
	// Name is its folder within the lab, "solutions/reference".
	Name string
	// Fails is the check that must catch it; empty for a solution.
	Fails string

	// Pace is how fast its commands are; nil leaves it to them.
	Pace *Pace
	// Turning is called before each page but the first is turned to, and may wait;
	// nil does not.
	Turning func(lab.Step)

	lab  *lab.Lab
	dirs []string // where a script is looked for, the first that has it wins
}

// reference is the solution that is played when none is named.
const reference = "reference"

// FindAnswer finds an answer of the lab by its folder. An empty name is the
// solution called reference, or the lab's first.
func FindAnswer(l *lab.Lab, name string) (*Answer, error) {
	if len(l.Solutions) == 0 {
		return nil, &NoAnswerError{Lab: l.ID, Name: "solutions"}
	}
	solution := "solutions/" + l.Solutions[0]
	if slices.Contains(l.Solutions, reference) {
		solution = "solutions/" + reference
	}
	kind, base, _ := strings.Cut(name, "/")
	switch {
	case name == "":
		return &Answer{Name: solution, lab: l, dirs: []string{solution}}, nil
	case kind == "mistakes":
		if m, ok := l.Mistakes[base]; ok {
			return &Answer{Name: name, Fails: m.Fails, lab: l, dirs: []string{name, solution}}, nil
		}
	case kind == "solutions":
		if slices.Contains(l.Solutions, base) {
			return &Answer{Name: name, lab: l, dirs: []string{name}}, nil
		}
	}
	return nil, &NoAnswerError{Lab: l.ID, Name: name, Known: answers(l)}
}

func answers(l *lab.Lab) (names []string) {
	for _, s := range l.Solutions {
		names = append(names, "solutions/"+s)
	}
	for _, m := range slices.Sorted(maps.Keys(l.Mistakes)) {
		names = append(names, "mistakes/"+m)
	}
	return names
}

// NoAnswerError says that a lab has no such solution or mistake.
type NoAnswerError struct {
	Lab, Name string
	Known     []string
}

func (e *NoAnswerError) Error() string { return fmt.Sprintf("lab %s has no %s", e.Lab, e.Name) }

// Remedy lists what it has.
func (e *NoAnswerError) Remedy() string {
	if len(e.Known) == 0 {
		return "write one: solutions/reference/01-….sh, a script a step"
	}
	return "there are " + strings.Join(e.Known, ", ")
}

// Usage marks the error as one of input.
func (e *NoAnswerError) Usage() {}

// Commands returns the statements of the answer's script for a step, as they
// are written; none when the answer does nothing there.
func (a *Answer) Commands(s lab.Step) ([]string, error) {
	for _, dir := range a.dirs {
		src, err := fs.ReadFile(a.lab.FS, path.Join(dir, s.Script()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return Statements(src, path.Join(dir, s.Script()))
	}
	return nil, nil
}

// Statements takes a shell script apart, as it is written. file is its name in
// errors.
func Statements(src []byte, file string) ([]string, error) {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(src), file)
	if err != nil {
		return nil, fmt.Errorf("read a script: %w", err)
	}
	var out []string
	for i, stmt := range f.Stmts {
		end := len(src) // up to the next statement, so that here-documents stay whole
		if i+1 < len(f.Stmts) {
			end = int(f.Stmts[i+1].Pos().Offset())
		}
		out = append(out, strip(string(src[stmt.Pos().Offset():end])))
	}
	return out, nil
}

// strip drops the comment and blank lines that follow a statement.
func strip(s string) string {
	lines := strings.Split(strings.TrimRight(s, " \t\n"), "\n")
	for n := len(lines); n > 1; n-- {
		if last := strings.TrimSpace(lines[n-1]); last != "" && !strings.HasPrefix(last, "#") {
			return strings.Join(lines[:n], "\n")
		}
	}
	return lines[0]
}

// Shell runs commands as the learner's shell would, without needing one on this
// machine. kubectl is podlab's own.
type Shell struct {
	session *Session
	podlab  string
	dir     string
	out     io.Writer
	pace    *Pace
}

// Shell returns a shell in the session whose commands print to out. Its folder
// has the lab's files/, and the answer's over them; remove it with Close. podlab is the path of this
// program.
func (x *Session) Shell(a *Answer, podlab string, out io.Writer) (*Shell, error) {
	dir, err := os.MkdirTemp(x.dir, "play-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to play in: %w", err)
	}
	for _, from := range slices.Backward(append(slices.Clone(a.dirs), "files")) {
		sub, err := fs.Sub(a.lab.FS, from)
		if from == "files" && errors.Is(err, fs.ErrNotExist) {
			continue // not every lab has some
		}
		if err == nil {
			err = copyFiles(sub, dir, true)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("copy the answer: %w", err), os.RemoveAll(dir))
		}
	}
	pace := a.Pace
	if pace == nil {
		pace = NewPace()
	}
	return &Shell{session: x, podlab: podlab, dir: dir, out: out, pace: pace}, nil
}

// ShellIn returns a shell in the session that works in a folder of the caller's, which
// stays when it is no longer needed.
func (x *Session) ShellIn(dir, podlab string, out io.Writer) *Shell {
	return &Shell{session: x, podlab: podlab, dir: dir, out: out, pace: NewPace()}
}

// Close removes the shell's folder.
func (s *Shell) Close() error { return os.RemoveAll(s.dir) }

// exitLate is the exit status of a command that was ended because it took too long,
// as that of timeout(1).
const exitLate = 124

// Run runs one command to its end. An exit status other than 0 is no error of
// the shell: it is returned.
func (s *Shell) Run(ctx context.Context, command string) (status uint8, err error) {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(command+"\n"), "")
	if err != nil {
		return 0, fmt.Errorf("run %q: %w", command, err)
	}
	env, err := s.session.Environ(s.podlab)
	if err != nil {
		return 0, err
	}
	r, err := interp.New(interp.Env(expand.ListEnviron(env...)), interp.Dir(s.dir), interp.StdIO(nil, s.out, s.out))
	if err != nil {
		return 0, fmt.Errorf("start a shell: %w", err)
	}
	late, err := s.pace.run(ctx, command, func(ctx context.Context) error { return r.Run(ctx, f) })
	if late {
		return exitLate, nil
	}
	var exit interp.ExitStatus
	if errors.As(err, &exit) {
		return uint8(exit), nil
	}
	if err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("run %q: %w", command, err)
	}
	return 0, ctx.Err()
}
