package runner

import (
	"context"
	"time"
)

// Pace is how long the commands of an answer took when it was played, and what
// came of them. An answer that is played again, with something different, need not
// be waited for much longer: kubectl wait sits out its whole timeout for a Pod that
// will never be Ready.
type Pace struct {
	took   map[string]time.Duration // by command
	waited map[string]time.Duration // by step
	limit  bool
}

// NewPace returns a pace that notes how long each command takes.
func NewPace() *Pace {
	return &Pace{took: map[string]time.Duration{}, waited: map[string]time.Duration{}}
}

// Limit is a pace that ends a command which takes twice as long as it did, and
// grace more. One that is not known may take as long as it likes.
func (p *Pace) Limit() *Pace { return &Pace{took: p.took, waited: p.waited, limit: true} }

// Wait notes how long the checks of a step took to pass after its last command. A
// pace that limits, or nil, notes nothing.
func (p *Pace) Wait(step string, took time.Duration) {
	if p != nil && !p.limit {
		p.waited[step] = took
	}
}

// Waited is what was noted of a step; 0 of one that did not pass.
func (p *Pace) Waited(step string) time.Duration { return p.waited[step] }

const grace = 8 * time.Second

// run runs a command at this pace. late tells that it was ended.
func (p *Pace) run(ctx context.Context, command string, run func(context.Context) error) (late bool, err error) {
	took, known := p.took[command]
	if !p.limit || !known {
		began := time.Now()
		err := run(ctx)
		if !p.limit {
			p.took[command] = max(took, time.Since(began))
		}
		return false, err
	}
	timed, cancel := context.WithTimeout(ctx, grace+2*took)
	defer cancel()
	err = run(timed)
	return timed.Err() != nil && ctx.Err() == nil, err
}
