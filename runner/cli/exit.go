package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"syscall"

	"podlab.dev/podlab/content"
)

// Exit codes.
const (
	exitPassed      = 0
	exitNotPassed   = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitInterrupted = 130
)

// statusError ends podlab with a code that was earned, not an error to print.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a mistake in what the user typed.
type usageError struct{ what, do string }

func (e *usageError) Error() string  { return e.what }
func (e *usageError) Remedy() string { return e.do }
func (e *usageError) Usage()         {}

// usage makes a usageError in two parts: what is wrong, and what to do.
func usage(what string, args ...any) func(do string, args ...any) error {
	return func(do string, more ...any) error {
		return &usageError{fmt.Sprintf(what, args...), fmt.Sprintf(do, more...)}
	}
}

// exit prints the error, in one place and one way, and returns the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	var status statusError
	switch {
	case err == nil:
		return exitPassed
	case errors.As(err, &status):
		return int(status)
	case ctx.Err() != nil:
		fmt.Fprintln(a.Err, "podlab: stopped; the same command goes on from here")
		return exitInterrupted
	}
	what, do, code := a.explain(err)
	for _, line := range strings.Split(what, "\n") {
		fmt.Fprintf(a.Err, "podlab: %s\n", content.Line(line, 2000))
	}
	fmt.Fprintf(a.Err, "        %s\n", content.Line(do, 2000))
	var detailed interface{ Detail() string }
	if a.verbose && errors.As(err, &detailed) && detailed.Detail() != "" {
		fmt.Fprintf(a.Err, "\n%s\n", content.Text(detailed.Detail()))
	}
	return code
}

// explain turns an error into what is wrong, what to do, and the exit code.
func (a *app) explain(err error) (what, do string, code int) {
	what, do, code = err.Error(), "podlab doctor looks at what podlab needs; -v shows more", exitEnvironment
	var remedy interface{ Remedy() string }
	if errors.As(err, &remedy) {
		do = remedy.Remedy()
		// The innermost words are the ones written for the user.
		if e, ok := remedy.(error); ok {
			what = e.Error()
		}
	}
	var input interface{ Usage() }
	var request *url.Error
	switch {
	case errors.As(err, &input):
		code = exitUsage
	case remedy != nil:
	case strings.HasPrefix(what, "unknown command"), strings.HasPrefix(what, "unknown flag"), strings.Contains(what, " arg(s), "):
		what, do, code = wrongCommand(what)
	case errors.Is(err, syscall.ENOSPC), strings.Contains(what, syscall.ENOSPC.Error()): // not every library wraps
		what, do = fmt.Sprintf("the disk is full: %v", err), fmt.Sprintf("free some space (podlab keeps its files in %s) and run the command again; nothing recorded so far is lost", a.store.Dir())
	case errors.Is(err, fs.ErrPermission):
		do = fmt.Sprintf("make %s your own, or set XDG_STATE_HOME to a folder that is", a.store.Dir())
	case errors.As(err, &request):
		what, do = fmt.Sprintf("the lab's cluster does not answer: %v", request.Err), "podlab start brings the cluster and the lab back; your progress is kept"
	}
	return what, do, code
}

// wrongCommand takes cobra's message apart: its first line, and the command that
// it suggests further down.
func wrongCommand(message string) (what, do string, code int) {
	what, rest, _ := strings.Cut(message, "\n")
	do = "podlab --help shows the commands"
	if _, near, ok := strings.Cut(rest, "Did you mean this?"); ok {
		do = "did you mean podlab " + strings.Join(strings.Fields(near), " or podlab ") + "?"
	}
	return what, do, exitUsage
}
