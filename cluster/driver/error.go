package driver

import (
	"errors"
	"strings"
)

// What can be wrong with a cluster; an [*Error] wraps one of them, so that a
// caller can branch with errors.Is.
var (
	ErrNoEngine    = errors.New("no container engine")
	ErrEngine      = errors.New("container engine")
	ErrNodeImage   = errors.New("node image")
	ErrNeeds       = errors.New("unmet needs")
	ErrNoSpace     = errors.New("no space left")
	ErrPort        = errors.New("port taken")
	ErrUnreachable = errors.New("cluster unreachable")
	ErrNotReady    = errors.New("cluster not ready")
	ErrCreate      = errors.New("create cluster")
	ErrKubeconfig  = errors.New("kubeconfig")
	ErrPermission  = errors.New("permission")
	ErrUnsupported = errors.New("not on this machine")
)

// Error says in one line what is wrong and in one line what to do about it.
type Error struct {
	// Kind is one of the sentinels of this package.
	Kind error
	// What is one line without a full stop: "no container engine answers (…)".
	What string
	// Do is one line: "start Docker".
	Do string
	// Output is what the underlying tool said last, for -v; it may have many lines.
	Output string
	// Err is the cause, if there is one.
	Err error
}

// Error is the one line of what is wrong.
func (e *Error) Error() string { return e.What }

// Remedy is the one line of what to do.
func (e *Error) Remedy() string { return e.Do }

// Detail is what the underlying tool said last, or "".
func (e *Error) Detail() string { return e.Output }

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// LastLines keeps the last n lines of a tool's output that say something.
func LastLines(output string, n int) string {
	var lines []string
	for line := range strings.Lines(output) {
		if line = strings.TrimRight(line, " \t\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
