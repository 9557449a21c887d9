package pack

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// limits are those of one evaluation.
type limits struct {
	time        time.Duration
	heap, stack uint64 // growth, in bytes
}

// evaluation is what a lab may cost. The largest lab that podlab brings takes a
// few milliseconds and MB; a machine that has much else to do gets the time for it.
// A stack of twice 512 MiB would end the process.
var evaluation = limits{time: 30 * time.Second, heap: 1 << 30, stack: 256 << 20}

// LimitError says that an evaluation was given up.
type LimitError struct {
	// What was being evaluated, "pods/lab.cue".
	What string
	// Time or Memory is the limit that was passed; the other is 0.
	Time   time.Duration
	Memory uint64
}

func (e *LimitError) Error() string {
	if e.Time > 0 {
		return fmt.Sprintf("%s takes more than %v to evaluate", e.what(), seconds(e.Time))
	}
	return fmt.Sprintf("%s needs more than %s of memory to evaluate", e.what(), units(int64(e.Memory)))
}

func (e *LimitError) what() string {
	if e.What == "" {
		return source
	}
	return e.What
}

func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

// Remedy says what makes CUE explode.
func (e *LimitError) Remedy() string {
	return "write out what it computes: fields that refer to each other multiply, and so do nested for clauses"
}

// Usage marks the error as one of input.
func (e *LimitError) Usage() {}

// PanicError says that CUE broke on a lab.
type PanicError struct {
	What  string
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("%s makes CUE panic: %.200v", e.What, e.Value)
}

// Remedy says how to go on.
func (e *PanicError) Remedy() string {
	return "leave out parts of it until it loads; -v shows where CUE stopped"
}

// Detail is the stack, for -v.
func (e *PanicError) Detail() string { return string(e.Stack) }

// Usage marks the error as one of input.
func (e *PanicError) Usage() {}

// Bounded runs load, which evaluates a lab, and gives up when that takes too
// long or too much memory; a panic in load becomes an error. CUE cannot be
// stopped: when Bounded has given up, load goes on beside, and only the end of
// the process ends it. So the caller ends the command, and does not look at what
// load was to write.
func Bounded(what string, load func() error) error { return evaluation.run(what, load) }

func (l limits) run(what string, load func() error) error {
	heap, stack := memory()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- &PanicError{What: what, Value: v, Stack: debug.Stack()}
			}
		}()
		done <- load()
	}()
	late := time.NewTimer(l.time)
	defer late.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-late.C:
			return &LimitError{What: what, Time: l.time}
		case <-look.C:
			h, s := memory()
			if h > heap+l.heap {
				return &LimitError{What: what, Memory: l.heap}
			}
			if s > stack+l.stack {
				return &LimitError{What: what, Memory: l.stack}
			}
		}
	}
}

// memory is what the process holds in its heap and its stacks.
func memory() (heap, stack uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
