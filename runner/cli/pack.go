package cli

import (
	"context"
	"fmt"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/pack"
)

// packs opens packs, each once a command, and says which one it is where that
// was left open.
func (a *app) packs(ctx context.Context) func(ref string) (*pack.Pack, error) {
	opened := map[string]*pack.Pack{}
	return func(ref string) (*pack.Pack, error) {
		if p := opened[ref]; p != nil {
			return p, nil
		}
		progress, done := a.Waits()
		p, err := pack.Open(ctx, ref, pack.Options{Fetching: func(what string) {
			progress(cluster.Event{Message: "Fetching pack " + content.Line(what, 200)})
		}})
		done()
		if err != nil {
			return nil, err
		}
		if p.Origin == pack.Fetched || p.Origin == pack.Cached && (ref != p.Name || a.verbose) {
			fmt.Fprintf(a.Err, "podlab: pack %s, %s\n", content.Line(p.Name, 200), p.Origin)
		}
		opened[ref], opened[p.Name] = p, p
		return p, nil
	}
}
