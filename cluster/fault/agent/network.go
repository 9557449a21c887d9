//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/fault/order"
)

// injectNetwork changes the network of the container's Pod, within it: no other Pod
// is touched, and with the Pod the change goes.
func (b *breaker) injectNetwork() error {
	pid, err := b.node.initOf(b.Container)
	if err != nil {
		return err
	}
	sandbox, err := b.node.sandboxOf(pid)
	if err != nil {
		return err
	}
	if err := b.remember(sandbox); err != nil {
		return err
	}
	return b.node.inNetwork(sandbox, func(ns netns.NsHandle) error {
		if b.Kind == order.Slow {
			return b.slow(ns)
		}
		return b.filter(ns)
	})
}

func (b *breaker) mendNetwork() error {
	if b.where == "" {
		return nil // it was never broken
	}
	if _, err := b.node.initOf(b.where); err != nil {
		return nil //nolint:nilerr // the Pod is gone, and its network with it
	}
	return b.node.inNetwork(b.where, func(ns netns.NsHandle) error {
		if b.Kind == order.Slow {
			return b.fast(ns)
		}
		c, err := nftables.New(nftables.WithNetNSFd(int(ns)))
		if err != nil {
			return err
		}
		c.DelTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: b.table()})
		if err := c.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
		return nil
	})
}

// sandboxOf is the container that holds the network of a container's Pod.
func (n *node) sandboxOf(pid int) (string, error) {
	network, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return "", err
	}
	if own, err := os.Readlink("/proc/self/ns/net"); err != nil || own == network {
		return "", errors.New("the Pod is in the node's own network, which all of the node would lose")
	}
	for _, id := range n.containers() {
		first, err := n.initOf(id)
		if err != nil {
			continue
		}
		other, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", first))
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", first))
		if err == nil && other == network && strings.TrimSpace(string(comm)) == "pause" {
			return id, nil
		}
	}
	return "", errors.New("the Pod's network is nobody's")
}

// inNetwork calls do with the network of a sandbox.
func (n *node) inNetwork(sandbox string, do func(netns.NsHandle) error) error {
	pid, err := n.initOf(sandbox)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ns, err := netns.GetFromPid(pid)
	if err != nil {
		return err
	}
	defer ns.Close()
	return do(ns)
}

func (b *breaker) table() string { return "podlab-fault-" + b.ID }

// filter drops what the fault is about.
func (b *breaker) filter(ns netns.NsHandle) error {
	c, err := nftables.New(nftables.WithNetNSFd(int(ns)))
	if err != nil {
		return err
	}
	table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: b.table()})
	chain := func(name string, hook *nftables.ChainHook) *nftables.Chain {
		return c.AddChain(&nftables.Chain{Name: name, Table: table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityRaw})
	}
	rule := func(to *nftables.Chain, parts ...[]expr.Any) {
		r := &nftables.Rule{Table: table, Chain: to}
		for _, p := range parts {
			r.Exprs = append(r.Exprs, p...)
		}
		c.AddRule(r)
	}
	drop := []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
	switch b.Kind {
	case order.Cut:
		rule(chain("in", nftables.ChainHookInput), notLoopback(expr.MetaKeyIIFNAME), drop)
		rule(chain("out", nftables.ChainHookOutput), notLoopback(expr.MetaKeyOIFNAME), drop)
	case order.DNS:
		out := chain("out", nftables.ChainHookOutput)
		for _, protocol := range []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
			rule(out, toPort(protocol, 53), drop)
		}
	case order.Probe:
		gateway, err := gatewayOf(ns)
		if err != nil {
			return err
		}
		// As a port that nobody listens to: connection refused.
		reset := []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}
		rule(chain("in", nftables.ChainHookInput), from(gateway), toPort(unix.IPPROTO_TCP, uint16(b.Port)), reset)
	}
	return c.Flush()
}

func notLoopback(key expr.MetaKey) []expr.Any {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, "lo")
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: name}}
}

func toPort(protocol byte, port uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protocol}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(port)},
	}
}

func from(ip net.IP) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.NFPROTO_IPV4}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: ip.To4()},
	}
}

// gatewayOf is the node, as the Pod sees it: the kubelet's probes come from there.
func gatewayOf(ns netns.NsHandle) (net.IP, error) {
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	routes, err := h.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.Gw != nil && (r.Dst == nil || r.Dst.IP.IsUnspecified()) {
			return r.Gw, nil
		}
	}
	return nil, errors.New("the Pod has no way to its node")
}

// burst is how many bytes go out at once after a while of nothing: a whole packet at
// least.
const burst = 2000

// slow lets so many bytes a second out.
func (b *breaker) slow(ns netns.NsHandle) error {
	return eachLink(ns, func(h *netlink.Handle, l netlink.Link) error {
		return h.QdiscReplace(&netlink.Tbf{
			QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Handle: netlink.MakeHandle(0xf, 0), Parent: netlink.HANDLE_ROOT},
			Rate:       uint64(b.Rate), Buffer: netlink.Xmittime(uint64(b.Rate), burst), Limit: 1 << 20,
		})
	})
}

func (b *breaker) fast(ns netns.NsHandle) error {
	return eachLink(ns, func(h *netlink.Handle, l netlink.Link) error {
		all, err := h.QdiscList(l)
		if err != nil {
			return err
		}
		for _, q := range all {
			if q.Attrs().Handle == netlink.MakeHandle(0xf, 0) {
				return h.QdiscDel(q)
			}
		}
		return nil
	})
}

// eachLink is about those that lead out.
func eachLink(ns netns.NsHandle, do func(*netlink.Handle, netlink.Link) error) error {
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return err
	}
	defer h.Close()
	links, err := h.LinkList()
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Attrs().Flags&net.FlagLoopback != 0 {
			continue
		}
		if err := do(h, l); err != nil {
			return err
		}
	}
	return nil
}
