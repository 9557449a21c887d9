//go:build linux

package cell

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// nodeLink is the interface that every node has its address on.
const nodeLink = "eth0"

// setNetwork gives this node its loopback, its address and its routes. The first
// node's interface leads nowhere: it is there so that the address is on one and
// Services have a route. No node has a default route: what is not in the cell is
// refused at once, and nothing can leave it.
func (s *Spec) setNetwork() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	if s.Node == 1 {
		attributes := netlink.NewLinkAttrs()
		attributes.Name = nodeLink
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: nodeLink + "-end"}); err != nil {
			return fmt.Errorf("make %s: %w", nodeLink, err)
		}
		end, err := netlink.LinkByName(nodeLink + "-end")
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(end); err != nil {
			return err
		}
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return err
	}
	if err := addAddress(link, netip.PrefixFrom(NodeIP(s.Node), 32)); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	var first net.IP
	if s.Node > 1 {
		first = NodeIP(1).AsSlice()
		if err := addRoute(link, netip.PrefixFrom(NodeIP(1), 32), nil); err != nil {
			return err
		}
		for _, to := range []netip.Prefix{nodeNet, podNet} {
			if err := addRoute(link, to, first); err != nil {
				return err
			}
		}
	}
	// What this node itself sends to a Service is rewritten after a route was
	// found, so there must be one.
	if err := addRoute(link, serviceNet, first); err != nil {
		return err
	}
	if err := refuseLostServices(); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"net/ipv4/ip_forward":         "1",
		"net/ipv4/conf/all/rp_filter": "0",
		// Every refusal is told, not one a second: a Pod that is not told waits.
		"net/ipv4/icmp_ratelimit": "0",
		// A Service that nobody serves fails for the node itself once its neighbours
		// have not answered; they never will, so that may be soon.
		"net/ipv4/neigh/" + nodeLink + "/retrans_time_ms": "100",
	} {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// refuseLostServices refuses what a Pod sends to a Service address that
// kube-proxy has no rule for, or not yet. With a rule the address is rewritten
// before the route is looked up; without, connection tracking would send every
// retry after the first packet, and CoreDNS lost half a minute to that.
func refuseLostServices() error {
	const table, priority = 100, 100
	rule := netlink.NewRule()
	rule.Src = ipNet(podNet)
	rule.Table, rule.Priority = table, priority
	if err := netlink.RuleAdd(rule); err != nil {
		return fmt.Errorf("rule for lost services: %w", err)
	}
	route := netlink.Route{Dst: ipNet(serviceNet), Type: unix.RTN_UNREACHABLE, Table: table}
	if err := netlink.RouteAdd(&route); err != nil {
		return fmt.Errorf("route for lost services: %w", err)
	}
	return nil
}

// joinNode connects a further node, whose process 1 is pid, with the first.
func joinNode(pid, number int) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = fmt.Sprintf("node%d", number)
	_ = netlink.LinkDel(&netlink.Dummy{LinkAttrs: attributes}) // of the same node before
	veth := &netlink.Veth{LinkAttrs: attributes, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("connect node %d: %w", number, err)
	}
	link, err := netlink.LinkByName(attributes.Name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	if err := addAddress(link, netip.PrefixFrom(NodeIP(1), 32)); err != nil {
		return err
	}
	if err := addRoute(link, netip.PrefixFrom(NodeIP(number), 32), nil); err != nil {
		return err
	}
	return addRoute(link, podRange(number), NodeIP(number).AsSlice())
}

func addAddress(link netlink.Link, p netip.Prefix) error {
	if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: ipNet(p)}); err != nil {
		return fmt.Errorf("give %s the address %s: %w", link.Attrs().Name, p, err)
	}
	return nil
}

func addRoute(link netlink.Link, to netip.Prefix, via net.IP) error {
	route := netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(to), Gw: via}
	if via == nil {
		route.Scope = netlink.SCOPE_LINK
	}
	if err := netlink.RouteReplace(&route); err != nil {
		return fmt.Errorf("route to %s: %w", to, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
