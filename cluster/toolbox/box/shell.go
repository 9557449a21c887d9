//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
	"sync/atomic"
)

// shell is the interpreter of mvdan.cc/sh with what a container's PID 1 needs
// and it lacks: traps for signals, and an exec that replaces the process.
type shell struct {
	runner *interp.Runner
	traps  *traps
	where  atomic.Pointer[whereabouts] // of the statement being run
	errs   io.Writer
}

// whereabouts tells the simple commands of a statement apart by their offset in
// the script: those that surely run in the shell itself, and those that run
// aside, in a subshell, a pipe or the background.
type whereabouts struct {
	inside, aside map[uint]bool
}

// sh is the shell: sh -c SCRIPT [NAME [ARGUMENT]...], sh FILE [ARGUMENT]..., or a
// script or a terminal on standard input. The flags -e, -f, -n, -u and -x may
// stand together, as in -ec.
func sh(c *call) error {
	options, script, operands, err := shellArguments(c.args)
	if err != nil {
		fmt.Fprintf(c.err, "sh: %v\n", err)
		return errUsage
	}
	name := "sh"
	var source io.Reader = byteReader{c.in}
	interactive := false
	switch {
	case script != nil:
		source = strings.NewReader(*script)
		if len(operands) > 0 {
			name, operands = operands[0], operands[1:]
		}
	case len(operands) > 0:
		file, err := os.Open(operands[0])
		if err != nil {
			c.complain(err)
			return status(127)
		}
		defer file.Close()
		source, name, operands = file, operands[0], operands[1:]
	default:
		interactive = options.interactive || (term.IsTerminal(int(c.in.Fd())) && !options.notInteractive)
	}

	s := &shell{traps: newTraps(), errs: c.err}
	defer s.traps.stop()
	s.runner, err = interp.New(
		interp.Interactive(interactive),
		interp.StdIO(c.in, c.out, c.err),
		interp.Params(append(options.set, append([]string{"--"}, operands...)...)...),
		interp.CallHandler(s.beforeCall),
		interp.ExecHandlers(s.traps.count),
	)
	if err != nil {
		return err
	}
	if interactive {
		return s.interact(c)
	}
	return s.script(source, name)
}

// shellOptions are the flags of sh.
type shellOptions struct {
	set                         []string // for the interpreter
	interactive, notInteractive bool
}

// shellArguments splits the arguments; script is nil without -c. Flags of a
// login shell are accepted and mean nothing: there is no profile here.
func shellArguments(args []string) (o shellOptions, script *string, operands []string, err error) {
	wantScript := false
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		if arg == "--login" {
			continue
		}
		for _, letter := range arg[1:] {
			switch letter {
			case 'c':
				wantScript = true
			case 'i':
				o.interactive = true
			case 's':
				o.notInteractive = true
			case 'l':
			case 'e', 'f', 'n', 'u', 'x':
				o.set = append(o.set, arg[:1]+string(letter))
			case 'o':
				if len(args) == 0 {
					return o, nil, nil, errors.New("-o: option name missing")
				}
				o.set = append(o.set, arg[:1]+"o", args[0])
				args = args[1:]
			default:
				return o, nil, nil, fmt.Errorf("%s: invalid option", arg)
			}
		}
	}
	if wantScript {
		if len(args) == 0 {
			return o, nil, nil, errors.New("-c: script missing")
		}
		return o, &args[0], args[1:], nil
	}
	return o, nil, args, nil
}

// script runs source command by command, so that the output before a syntax
// error, or before the end of a slow pipe, is not held back.
func (s *shell) script(source io.Reader, name string) error {
	ctx := context.Background()
	var last error
	for statement, err := range syntax.NewParser().StmtsSeq(source) {
		if err != nil {
			fmt.Fprintf(s.errs, "%s: %v\n", name, err)
			return errUsage
		}
		last = s.statement(ctx, statement, name)
		if s.runner.Exited() {
			return s.leave(ctx, last, name)
		}
	}
	s.traps.runLeft(ctx, s, name)
	return s.leave(ctx, last, name)
}

// leave runs the EXIT trap. The shell's exit code stays what it was unless the
// trap exits with another.
func (s *shell) leave(ctx context.Context, last error, name string) error {
	if script := s.traps.takeExit(); script != "" {
		if err := s.handle(ctx, script, name); s.runner.Exited() {
			last = err
		}
	}
	return exitCode(last)
}

// handle runs the script of a trap to its end or its exit.
func (s *shell) handle(ctx context.Context, script, name string) error {
	var last error
	for statement, err := range syntax.NewParser().StmtsSeq(strings.NewReader(script)) {
		if err != nil {
			fmt.Fprintf(s.errs, "%s: trap: %v\n", name, err)
			return errUsage
		}
		if last = s.statement(ctx, statement, name); s.runner.Exited() {
			return last
		}
	}
	return last
}

// statement runs one statement; an error that is more than an exit code is
// printed.
func (s *shell) statement(ctx context.Context, statement *syntax.Stmt, name string) error {
	w := &whereabouts{inside: map[uint]bool{}, aside: map[uint]bool{}}
	w.note(statement)
	s.where.Store(w)
	// As a file, so that $0 is its name.
	err := s.runner.Run(ctx, &syntax.File{Name: name, Stmts: []*syntax.Stmt{statement}})
	var code interp.ExitStatus
	if err != nil && !errors.As(err, &code) {
		if ctx.Err() != nil {
			return interp.ExitStatus(130)
		}
		fmt.Fprintf(s.errs, "%s: %v\n", name, err)
		return interp.ExitStatus(1)
	}
	return err
}

// beforeCall runs before every command: it is where a pending trap runs, and
// where trap, wait and exec get what the interpreter lacks.
func (s *shell) beforeCall(ctx context.Context, args []string) ([]string, error) {
	switch args[0] {
	case "kill":
		// The interpreter has the name and not the builtin.
		if path, err := interp.LookPathDir(interp.HandlerCtx(ctx).Dir, interp.HandlerCtx(ctx).Env, "kill"); err == nil {
			args = append([]string{path}, args[1:]...)
		}
	case "umask":
		return umask(interp.HandlerCtx(ctx), args[1:]), nil
	}
	where, at := s.where.Load(), interp.HandlerCtx(ctx).Pos.Offset()
	if where.aside[at] {
		return args, nil // a trap belongs to the shell itself
	}
	switch args[0] {
	case "trap":
		rest, err := s.traps.set(args[1:])
		if err != nil {
			fmt.Fprintf(interp.HandlerCtx(ctx).Stderr, "sh: trap: %v\n", err)
			return []string{"false"}, nil
		}
		if len(rest) == 0 {
			return []string{"true"}, nil
		}
		return append([]string{"trap"}, rest...), nil
	case "wait":
		s.traps.await(ctx)
	case "exec":
		if len(args) > 1 && where.inside[at] {
			return s.exec(ctx, args[1:])
		}
	}
	if handler := s.traps.take(); handler != "" {
		if args[0] == "wait" {
			return []string{"eval", handler}, nil
		}
		return []string{"eval", handler + "\n" + quoted(args)}, nil
	}
	return args, nil
}

// umask shows or sets the mode bits that new files lack. Like the working
// directory of a real process it is one for all: in a subshell too.
func umask(hc interp.HandlerContext, args []string) []string {
	old := unix.Umask(0)
	unix.Umask(old)
	if len(args) == 0 {
		fmt.Fprintf(hc.Stdout, "%04o\n", old)
		return []string{"true"}
	}
	mask, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil {
		fmt.Fprintf(hc.Stderr, "sh: umask: %s: want an octal number\n", args[0])
		return []string{"false"}
	}
	unix.Umask(int(mask))
	return []string{"true"}
}

// exec replaces the process, so that `exec sleep 60` in a container's command
// makes sleep the process that gets the signals.
func (s *shell) exec(ctx context.Context, args []string) ([]string, error) {
	hc := interp.HandlerCtx(ctx)
	path, err := interp.LookPathDir(hc.Dir, hc.Env, args[0])
	if err != nil {
		fmt.Fprintf(hc.Stderr, "sh: exec: %s: not found\n", args[0])
		return []string{"exit", "127"}, nil
	}
	for number, stream := range []any{hc.Stdin, hc.Stdout, hc.Stderr} {
		if file, ok := stream.(*os.File); ok && file != nil && int(file.Fd()) != number {
			if err := unix.Dup3(int(file.Fd()), number, 0); err != nil {
				return nil, err
			}
		}
	}
	if err := os.Chdir(hc.Dir); err != nil {
		return nil, err
	}
	var environment []string
	for name, v := range hc.Env.Each {
		if v.Exported {
			environment = append(environment, name+"="+v.String())
		}
	}
	err = unix.Exec(path, args, environment)
	fmt.Fprintf(hc.Stderr, "sh: exec: %s: %s\n", args[0], reason(err))
	return []string{"exit", "126"}, nil
}

// note looks through a statement.
func (w *whereabouts) note(statement *syntax.Stmt) {
	if statement == nil {
		return
	}
	each := func(statements []*syntax.Stmt) {
		for _, inner := range statements {
			w.note(inner)
		}
	}
	if statement.Background || statement.Coprocess {
		w.apart(statement.Cmd)
		return
	}
	switch command := statement.Cmd.(type) {
	case *syntax.CallExpr:
		w.inside[command.Pos().Offset()] = true
	case *syntax.Block:
		each(command.Stmts)
	case *syntax.BinaryCmd:
		if command.Op != syntax.AndStmt && command.Op != syntax.OrStmt {
			w.apart(command)
			return
		}
		w.note(command.X)
		w.note(command.Y)
	case *syntax.IfClause:
		for clause := command; clause != nil; clause = clause.Else {
			each(clause.Cond)
			each(clause.Then)
		}
	case *syntax.WhileClause:
		each(command.Cond)
		each(command.Do)
	case *syntax.ForClause:
		each(command.Do)
	case *syntax.Subshell:
		w.apart(command)
	}
}

// apart notes every command within a node as running aside.
func (w *whereabouts) apart(node syntax.Node) {
	syntax.Walk(node, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			w.aside[call.Pos().Offset()] = true
		}
		return true
	})
}

// exitCode turns the interpreter's result into the applet's.
func exitCode(err error) error {
	var code interp.ExitStatus
	if errors.As(err, &code) {
		return status(code)
	}
	return err
}

// quoted writes a command so that eval reads it back as it was.
func quoted(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		word, err := syntax.Quote(arg, syntax.LangBash)
		if err != nil { // a NUL, which no argument can hold
			word = "''"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

// builtin makes a builtin of the shell an executable, for probes and for
// commands without a shell, such as `test -f /tmp/ready`.
func builtin(c *call) error {
	if c.name == "[" {
		if len(c.args) == 0 || c.args[len(c.args)-1] != "]" {
			fmt.Fprintln(c.err, "[: missing ]")
			return errUsage
		}
	}
	runner, err := interp.New(interp.StdIO(c.in, c.out, c.err), interp.Params(append([]string{"--"}, c.args...)...))
	if err != nil {
		return err
	}
	script, err := syntax.NewParser().Parse(strings.NewReader(`builtin `+quoted([]string{c.name})+` "$@"`), c.name)
	if err != nil {
		return err
	}
	return exitCode(runner.Run(context.Background(), script))
}

// byteReader reads a byte at a time, so that what follows a command on standard
// input is left for the command.
type byteReader struct{ r io.Reader }

func (b byteReader) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return b.r.Read(p)
}

// lookPath finds a program as the shell would.
func lookPath(name string) (string, error) { return exec.LookPath(name) }
