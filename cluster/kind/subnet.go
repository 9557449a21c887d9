package kind

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"slices"
)

// Pods of one cluster have addresses in a range of subnetBits within podNets, a
// neighbourhood of Kubernetes' customary 10.244.0.0/16. Of subnetBits there is room for
// 16 nodes with 254 Pods each.
var podNets = netip.MustParsePrefix("10.240.0.0/12")

const subnetBits = 20

// podSubnet chooses the addresses of a cluster's Pods, so that no other cluster of this
// engine has them. All nodes of an engine are on one bridge, where a node of podlab's
// image answers ARP for its Pods: with one range for all, two clusters side by side both
// answered for 10.244.0.2, and now and then a Pod asked the DNS of the other one.
//
// The range follows from the name, which on an engine is one cluster's alone; where two
// names come to the same one, the next that none of the others comes to.
func podSubnet(name string, others []string) netip.Prefix {
	taken := make([]uint32, 0, len(others))
	for _, other := range others {
		if other != name {
			taken = append(taken, subnetOf(other))
		}
	}
	at := subnetOf(name)
	for len(taken) < subnets && slices.Contains(taken, at) {
		at = (at + 1) % subnets
	}
	base := podNets.Addr().As4()
	var addr [4]byte
	binary.BigEndian.PutUint32(addr[:], binary.BigEndian.Uint32(base[:])+at<<(32-subnetBits))
	return netip.PrefixFrom(netip.AddrFrom4(addr), subnetBits)
}

const subnets = 1 << (subnetBits - 12)

func subnetOf(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32() % subnets
}
