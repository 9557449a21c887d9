package view

import "reflect"

// Exec is what a command left behind, as a constraint sees it.
type Exec struct {
	ExitCode int    `json:"exitCode"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
}

// View is the view of e: exitCode, stdout and stderr, always all three.
func (e Exec) View() map[string]any {
	return (&builder{}).structure(reflect.ValueOf(e))
}

// ShapeOfExec describes [Exec.View].
func ShapeOfExec() *Shape { return ShapeOfType(reflect.TypeFor[Exec]()) }
