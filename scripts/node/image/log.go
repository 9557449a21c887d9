package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// progress shows what the build waits for and for how long: a line when a part
// begins or ends, and one in between when nothing else was said for a while.
type progress struct {
	w       io.Writer
	started time.Time

	mu      sync.Mutex
	current []string
	last    time.Time
	once    sync.Once
}

func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.print(fmt.Sprintf(format, args...))
}

func (p *progress) print(text string) {
	p.last = time.Now()
	fmt.Fprintf(p.w, "%s: %4.0f s  %s\n", program, time.Since(p.started).Seconds(), text)
}

// begin opens a part; parts may run side by side. The function closes it.
func (p *progress) begin(what string) (end func()) {
	p.once.Do(func() { go p.tick() })
	p.mu.Lock()
	defer p.mu.Unlock()
	from := time.Now()
	p.current = append(p.current, what)
	p.print(what)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if i := slices.Index(p.current, what); i >= 0 {
			p.current = slices.Delete(p.current, i, i+1)
		}
		p.print(fmt.Sprintf("%s: %.0f s", what, time.Since(from).Seconds()))
	}
}

func (p *progress) tick() {
	for range time.Tick(time.Second) {
		p.mu.Lock()
		if len(p.current) > 0 && time.Since(p.last) > 15*time.Second {
			p.print("… " + strings.Join(p.current, "; "))
		}
		p.mu.Unlock()
	}
}

// idle is whether nothing is under way.
func (p *progress) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.current) == 0
}
