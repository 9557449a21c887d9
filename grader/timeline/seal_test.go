package timeline

import "testing"

func TestSeal(t *testing.T) {
	a := Seal("key", "value")
	if !Sealed(a) || Sealed("value") || a != Seal("key", "value") || a == Seal("other", "value") || a == Seal("key", "other") {
		t.Errorf("got %s", a)
	}
}
