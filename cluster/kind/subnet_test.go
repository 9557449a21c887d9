package kind

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestPodSubnet(t *testing.T) {
	seen := map[netip.Prefix]string{}
	var names []string
	for i := range 40 { // clusters that are made one after another, more than a machine runs
		name := fmt.Sprintf("podlab-%dn", i)
		p := podSubnet(name, names)
		if !podNets.Contains(p.Addr()) || p.Bits() != subnetBits || p != p.Masked() {
			t.Errorf("%s: %s", name, p)
		}
		if again := podSubnet(name, append(names, name)); again != p {
			t.Errorf("%s: %s, then %s", name, p, again)
		}
		seen[p] = name
		names = append(names, name)
	}
	if len(seen) < 38 { // one that gave way may be in the way of a later one
		t.Errorf("40 clusters have %d ranges", len(seen))
	}
	other := ""
	for i := 0; subnetOf(other) != subnetOf("podlab"); i++ {
		other = fmt.Sprintf("lab-%d", i)
	}
	if podSubnet("podlab", []string{other}).Overlaps(podSubnet(other, nil)) {
		t.Errorf("podlab and %s have one range", other)
	}
}
