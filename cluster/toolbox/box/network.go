//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// networkInterface is what ip shows of one.
type networkInterface struct {
	net.Interface
	addresses []*net.IPNet
}

func addressesOf() ([]networkInterface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []networkInterface
	for _, i := range all {
		n := networkInterface{Interface: i}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			if prefix, ok := a.(*net.IPNet); ok {
				n.addresses = append(n.addresses, prefix)
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// ip shows interfaces, addresses and routes; it changes none.
func ip(c *call) error {
	args := c.args
	only4 := len(args) > 0 && args[0] == "-4"
	if only4 {
		args = args[1:]
	}
	what := "help"
	if len(args) > 0 {
		what = args[0]
	}
	if len(args) > 1 && !strings.HasPrefix("show", args[1]) && args[1] != "list" && args[1] != "ls" {
		return fmt.Errorf("%s: this one only shows", args[1])
	}
	switch {
	case what != "" && (strings.HasPrefix("address", what) || strings.HasPrefix("link", what)):
		interfaces, err := addressesOf()
		if err != nil {
			return err
		}
		for _, i := range interfaces {
			if len(args) > 2 && args[len(args)-1] != i.Name {
				continue
			}
			flags := strings.ToUpper(strings.ReplaceAll(i.Flags.String(), "|", ","))
			fmt.Fprintf(c.out, "%d: %s: <%s> mtu %d\n", i.Index, i.Name, flags, i.MTU)
			if len(i.HardwareAddr) > 0 {
				fmt.Fprintf(c.out, "    link/ether %s\n", i.HardwareAddr)
			}
			if strings.HasPrefix("link", what) {
				continue
			}
			for _, a := range i.addresses {
				family := "inet6"
				if a.IP.To4() != nil {
					family = "inet"
				} else if only4 {
					continue
				}
				fmt.Fprintf(c.out, "    %s %s\n", family, a)
			}
		}
		return nil
	case what != "" && strings.HasPrefix("route", what):
		return routes(c.out)
	}
	fmt.Fprintln(c.err, "usage: ip [-4] address | link | route")
	return errUsage
}

// routes prints the IPv4 routing table as the kernel has it.
func routes(out io.Writer) error {
	table, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		p := strings.Fields(line)
		if i == 0 || len(p) < 8 {
			continue
		}
		var numbers [3]uint32
		for j, at := range []int{1, 2, 7} {
			n, err := strconv.ParseUint(p[at], 16, 32)
			if err != nil {
				return fmt.Errorf("/proc/net/route: %w", err)
			}
			numbers[j] = uint32(n)
		}
		address := func(n uint32) net.IP { return net.IPv4(byte(n), byte(n>>8), byte(n>>16), byte(n>>24)) }
		ones, _ := net.IPMask(address(numbers[2]).To4()).Size()
		to := fmt.Sprintf("%s/%d", address(numbers[0]), ones)
		if numbers[0] == 0 && numbers[2] == 0 {
			to = "default"
		}
		via := ""
		if numbers[1] != 0 {
			via = fmt.Sprintf(" via %s", address(numbers[1]))
		}
		fmt.Fprintf(out, "%s%s dev %s\n", to, via, p[0])
	}
	return nil
}

// nslookup asks the container's resolver, walking the search list of
// /etc/resolv.conf as programs do, and shows which full name answered.
func nslookup(c *call) error {
	f := c.flags()
	kind := f.String("type", "", "SRV, TXT, CNAME, MX or NS instead of addresses")
	for i, arg := range c.args {
		if strings.HasPrefix(arg, "-type=") || strings.HasPrefix(arg, "-query=") {
			_, value, _ := strings.Cut(arg, "=")
			c.args[i] = "--type=" + value
		}
	}
	operands, err := c.parse(f, "[-type=TYPE] NAME [SERVER]", 1, 2)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	config := readResolvConf("/etc/resolv.conf")
	resolver := &net.Resolver{PreferGo: true}
	server := config.server
	if len(operands) == 2 {
		server = operands[1]
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(server, "53"))
		}
	}
	fmt.Fprintf(c.out, "Server:\t\t%s\n\n", server)
	name := operands[0]
	if address := net.ParseIP(name); address != nil {
		names, err := resolver.LookupAddr(ctx, name)
		if err != nil {
			return lookupFailure(c, name, err)
		}
		for _, n := range names {
			fmt.Fprintf(c.out, "%s\tname = %s\n", name, n)
		}
		return nil
	}
	for _, full := range config.candidates(name) {
		answers, err := lookup(ctx, resolver, strings.ToUpper(*kind), full)
		if err == nil {
			fmt.Fprintln(c.out, strings.Join(answers, "\n"))
			return nil
		}
		// Each name that was tried is a line: that is what ndots and the search
		// list look like.
		if err := lookupFailure(c, strings.TrimSuffix(full, "."), err); err != status(1) {
			return err
		}
	}
	return status(1)
}

// lookup returns the lines to print about a full name.
func lookup(ctx context.Context, resolver *net.Resolver, kind, full string) ([]string, error) {
	shown := strings.TrimSuffix(full, ".")
	var lines []string
	switch kind {
	case "", "A", "AAAA", "ANY":
		network := map[string]string{"A": "ip4", "AAAA": "ip6"}[kind]
		if network == "" {
			network = "ip"
		}
		addresses, err := resolver.LookupIP(ctx, network, full)
		for _, a := range addresses {
			lines = append(lines, "Name:\t"+shown, "Address: "+a.String())
		}
		return lines, err
	case "SRV":
		_, records, err := resolver.LookupSRV(ctx, "", "", full)
		for _, r := range records {
			lines = append(lines, fmt.Sprintf("%s\tservice = %d %d %d %s", shown, r.Priority, r.Weight, r.Port, r.Target))
		}
		return lines, err
	case "TXT":
		records, err := resolver.LookupTXT(ctx, full)
		for _, r := range records {
			lines = append(lines, fmt.Sprintf("%s\ttext = %q", shown, r))
		}
		return lines, err
	case "CNAME":
		target, err := resolver.LookupCNAME(ctx, full)
		return []string{shown + "\tcanonical name = " + target}, err
	case "MX":
		records, err := resolver.LookupMX(ctx, full)
		for _, r := range records {
			lines = append(lines, fmt.Sprintf("%s\tmail exchanger = %d %s", shown, r.Pref, r.Host))
		}
		return lines, err
	case "NS":
		records, err := resolver.LookupNS(ctx, full)
		for _, r := range records {
			lines = append(lines, fmt.Sprintf("%s\tnameserver = %s", shown, r.Host))
		}
		return lines, err
	}
	return nil, fmt.Errorf("unknown type %s", kind)
}

// lookupFailure says why a name has no answer, in nslookup's words.
func lookupFailure(c *call, name string, err error) error {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return err
	case dns.IsNotFound:
		fmt.Fprintf(c.out, "** server can't find %s: NXDOMAIN\n", name)
	case dns.IsTimeout, strings.Contains(dns.Err, "refused"):
		fmt.Fprintln(c.out, ";; connection timed out; no servers could be reached")
		return errUnreachable
	default: // "server misbehaving": it has none itself and could not ask on
		fmt.Fprintf(c.out, "** server can't find %s: SERVFAIL\n", name)
	}
	return status(1)
}

// errUnreachable ends a lookup: the next name would fare no better.
const errUnreachable = status(2)

// resolvConf is the part of /etc/resolv.conf that decides which names are asked.
type resolvConf struct {
	server string
	search []string
	ndots  int
}

func readResolvConf(path string) resolvConf {
	config := resolvConf{ndots: 1}
	text, err := os.ReadFile(path)
	if err != nil {
		return config // the resolver does the same: only the name as it is
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if config.server == "" {
				config.server = fields[1]
			}
		case "search", "domain":
			config.search = fields[1:]
		case "options":
			for _, option := range fields[1:] {
				if n, err := strconv.Atoi(strings.TrimPrefix(option, "ndots:")); err == nil && strings.HasPrefix(option, "ndots:") {
					config.ndots = n
				}
			}
		}
	}
	return config
}

// candidates are the full names to try for a name, in order.
func (r resolvConf) candidates(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	var searched []string
	for _, domain := range r.search {
		searched = append(searched, name+"."+strings.TrimSuffix(domain, ".")+".")
	}
	if strings.Count(name, ".") >= r.ndots {
		return append([]string{name + "."}, searched...)
	}
	return append(searched, name+".")
}

// nc connects to a TCP port, or with -l waits for one connection, and copies
// standard input and output; -z only tries.
func nc(c *call) error {
	f := c.flags()
	listen := f.BoolP("listen", "l", false, "wait for a connection")
	port := f.IntP("port", "p", 0, "with -l, the `port`")
	probe := f.BoolP("zero", "z", false, "only see whether the port is open")
	verbose := f.BoolP("verbose", "v", false, "say what happens")
	wait := f.IntP("wait", "w", 0, "give up after this many `seconds`")
	operands, err := c.parse(f, "[-zv] [-w SECONDS] HOST PORT | -l -p PORT", 0, 2)
	if err != nil {
		return err
	}
	var conn net.Conn
	switch {
	case *listen:
		if *port == 0 && len(operands) > 0 {
			*port, _ = strconv.Atoi(operands[len(operands)-1])
		}
		listener, err := net.Listen("tcp", ":"+strconv.Itoa(*port))
		if err != nil {
			return err
		}
		if *verbose {
			fmt.Fprintf(c.err, "listening on %s\n", listener.Addr())
		}
		conn, err = listener.Accept()
		if err = errors.Join(err, listener.Close()); err != nil {
			return err
		}
	case len(operands) != 2:
		fmt.Fprintln(c.err, "nc: give a host and a port")
		return errUsage
	default:
		dialer := net.Dialer{Timeout: time.Duration(*wait) * time.Second}
		conn, err = dialer.Dial("tcp", net.JoinHostPort(operands[0], operands[1]))
		if err != nil {
			return fmt.Errorf("%s (%s): %s", operands[0], operands[1], connectFailure(err))
		}
		if *verbose {
			fmt.Fprintf(c.err, "%s (%s) open\n", operands[0], operands[1])
		}
	}
	defer conn.Close()
	if *probe {
		return nil
	}
	go func() {
		_, _ = io.Copy(conn, c.in)
		if half, ok := conn.(*net.TCPConn); ok {
			_ = half.CloseWrite() // the peer learns that no more comes
		}
	}()
	_, err = io.Copy(c.out, conn)
	return err
}

// connectFailure is why a connection failed, in the C library's words.
func connectFailure(err error) string {
	var dns *net.DNSError
	var errno unix.Errno
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		return "bad address"
	case errors.As(err, &errno):
		return reason(errno)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "Connection timed out"
	}
	return err.Error()
}
