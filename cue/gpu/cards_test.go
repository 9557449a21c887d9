package gpu_test

import (
	"errors"
	"testing"

	"podlab.dev/podlab/cue/gpu"
	"podlab.dev/podlab/cue/gpu/card"
)

func TestCards(t *testing.T) {
	cards, err := gpu.Cards()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"T4", "A100-40GB", "A100-80GB", "H100", "H200", "B200"} {
		if cards[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for name, c := range cards {
		if len(c.Slots) != 8 {
			t.Errorf("%s: %d slots", name, len(c.Slots))
		}
		for _, p := range c.MIG {
			n := min(card.ComputeSlices/p.Compute, card.MemorySlices/p.Share)
			if !c.Fits(map[string]int{p.Name: n}) || c.Fits(map[string]int{p.Name: n + 1}) {
				t.Errorf("%s: %d of %s should be the most that fit", name, n, p.Name)
			}
			if n*p.MemoryMiB > c.MemoryMiB {
				t.Errorf("%s: %d slices of %s have more memory than the card", name, n, p.Name)
			}
		}
	}
}

func TestUnknownCard(t *testing.T) {
	_, err := gpu.Card("A100")
	var unknown *gpu.UnknownError
	if !errors.As(err, &unknown) || len(unknown.Known) < 6 || unknown.Known[0] != "A100-40GB" {
		t.Errorf("error %v", err)
	}
}
