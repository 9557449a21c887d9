package record

import (
	"context"
	"reflect"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

const (
	// probeEvery is how often a command is run, or a request made, while its check
	// waits. What a process does inside a container cannot be watched through the
	// API.
	probeEvery = time.Second
	// probeTimeout is how long one may take.
	probeTimeout = 10 * time.Second
)

// probe runs the commands and makes the requests of the checks that wait, at
// once when a Pod changes and then every probeEvery. A result is recorded when it
// is news, or when each of them counts.
func (r *Recorder) probe(ctx context.Context, g *errgroup.Group) {
	for _, c := range r.Lab.Conditions() {
		var look func(context.Context, *lab.Check) (timeline.Entry, bool)
		switch {
		case c.Exec != nil:
			look = r.runCommand
		case c.HTTP != nil:
			look = r.request
		default:
			continue
		}
		g.Go(func() error {
			// What comes of it says nothing to who does not know yet whom it is about.
			select {
			case <-ctx.Done():
				return nil
			case <-r.synced:
			}
			var last timeline.Entry
			tick := time.NewTicker(probeEvery)
			defer tick.Stop()
			for {
				r.mu.Lock()
				changed := r.changed
				r.mu.Unlock()
				if r.Waiting(c.ID) {
					if e, ok := look(ctx, c); ok && (r.Counts(c.ID) || !reflect.DeepEqual(e, last)) {
						last = e
						r.put(e)
					}
				}
				select {
				case <-ctx.Done():
					return nil
				case <-changed:
				case <-tick.C:
				}
			}
		})
	}
}
