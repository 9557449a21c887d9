// Package gpu has the models of GPU that podlab can simulate, as data: cards.cue.
//
//	c, err := gpu.Card("A100-80GB")
//	fmt.Println(c.Product, c.MemoryMiB) // NVIDIA A100-SXM4-80GB 81920
package gpu

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	"podlab.dev/podlab/cue/gpu/card"
)

//go:embed cards.cue
var source []byte

// Cards are all models, by name.
func Cards() (map[string]*card.Card, error) {
	v := cuecontext.New().CompileBytes(source, cue.Filename("cards.cue")).LookupPath(cue.ParsePath("cards"))
	if err := v.Validate(cue.Concrete(true)); err != nil {
		return nil, fmt.Errorf("read the models of GPU: %w", err)
	}
	var cards map[string]*card.Card
	if err := v.Decode(&cards); err != nil {
		return nil, fmt.Errorf("read the models of GPU: %w", err)
	}
	return cards, nil
}

// UnknownError says that there is no such model.
type UnknownError struct {
	Name  string
	Known []string // sorted
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no model of GPU %q; there are %v", e.Name, e.Known)
}

// Card is the model with this name. The error is an [*UnknownError] when there is
// none.
func Card(name string) (*card.Card, error) {
	cards, err := Cards()
	if err != nil {
		return nil, err
	}
	if c := cards[name]; c != nil {
		return c, nil
	}
	return nil, &UnknownError{name, slices.Sorted(maps.Keys(cards))}
}
