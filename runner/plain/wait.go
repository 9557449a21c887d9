package plain

import (
	"fmt"
	"io"
	"sync"
	"time"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
)

// waits shows what is being waited for and for how long: on a terminal in one
// line that is written over, elsewhere in a line when a wait begins, one when it
// ends, and one now and then in between.
type waits struct {
	err   io.Writer
	live  bool
	width int // of a live line, which must not wrap: only one row is written over

	mu    sync.Mutex
	open  string // the message of the wait that is on
	since time.Time
	said  time.Time // when anything was said last
	stop  chan struct{}
}

// again is after how long a wait is mentioned again where lines cannot be
// written over.
const again = 15 * time.Second

// Waits returns a sink for cluster events, and a function that ends the display.
func (f *Front) Waits() (progress func(cluster.Event), done func()) {
	w := &waits{err: f.Err, live: f.Live, width: f.Width, stop: make(chan struct{})}
	go w.tick()
	var once sync.Once
	return w.event, func() { once.Do(func() { close(w.stop); w.clear() }) }
}

// Tally returns a function that writes a line below those before, and says how far
// everything is; and one that ends the display. How far everything is stands in the
// last line, which is written over on a terminal; elsewhere it is written when there
// was nothing to say for a while. Either may be empty: then there is nothing new.
func (f *Front) Tally() (say func(line, state string), done func()) {
	w := &waits{err: f.Err, live: f.Live, width: f.Width, stop: make(chan struct{})}
	go w.tick()
	var once sync.Once
	return w.tally, func() { once.Do(func() { close(w.stop); w.clear() }) }
}

func (w *waits) tally(line, state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.live {
		fmt.Fprint(w.err, "\r\x1b[K")
	}
	if line != "" {
		fmt.Fprintln(w.err, clean(line))
		w.said = time.Now()
	}
	if state != "" {
		if w.open == "" {
			w.since, w.said = time.Now(), time.Now()
		}
		w.open = clean(state)
	}
	if w.live && w.open != "" {
		w.over(w.open, " ("+seconds(time.Since(w.since))+")")
	}
}

func (w *waits) tick() {
	every := time.Second
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-t.C:
		}
		w.mu.Lock()
		switch {
		case w.open == "":
		case w.live:
			w.over(w.open, " ("+seconds(time.Since(w.since))+")")
		case time.Since(w.said) >= again:
			w.said = time.Now()
			fmt.Fprintf(w.err, "… still: %s (%s)\n", w.open, seconds(time.Since(w.since)))
		}
		w.mu.Unlock()
	}
}

func (w *waits) event(e cluster.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	message := clean(e.Message)
	if w.live {
		fmt.Fprint(w.err, "\r\x1b[K")
	}
	switch {
	case !e.Done:
		w.open, w.since, w.said = message, time.Now(), time.Now()
		if w.live {
			w.over(message, "")
		} else {
			fmt.Fprintf(w.err, "… %s\n", message)
		}
		return
	case e.Err != nil:
		fmt.Fprintf(w.err, "✗ %s (%s)\n", message, seconds(e.Elapsed))
	case e.Elapsed > 0:
		fmt.Fprintf(w.err, "✓ %s (%s)\n", message, seconds(e.Elapsed))
	default:
		fmt.Fprintf(w.err, "  %s\n", message)
	}
	if message == w.open {
		w.open = ""
	}
}

// over writes the live line anew.
func (w *waits) over(message, elapsed string) {
	fmt.Fprintf(w.err, "\r\x1b[K… %s%s", content.Line(message, max(w.width-len(elapsed)-3, 10)), elapsed)
}

func (w *waits) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.live && w.open != "" {
		fmt.Fprint(w.err, "\r\x1b[K")
	}
	w.open = ""
}

// seconds prints a duration as a person would say it: 0.4 s, 12 s, 3 min 5 s.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
