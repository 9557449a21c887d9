package want

import (
	"fmt"
	"testing"

	"cuelang.org/go/cue"
)

func TestAQuantityIsShownAsItWasProbablyWritten(t *testing.T) {
	for n, want := range map[int64]string{128 << 20: "128Mi", 128e6: "128M", 1 << 30: "1Gi", 2e9: "2G", 500e3: "500K", 3 << 10: "3Ki", 7: "7"} {
		if got := fmt.Sprint(quantity(n, []cue.Selector{cue.Str("memory")})); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}
