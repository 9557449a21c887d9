//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// controlPrefix begins the abstract socket names of the servers in this network
// namespace, and a server's port ends it. An abstract socket needs no file, so
// it works with a read-only root file system and any user; and it belongs to the
// network namespace, so it can be reached from every container of the Pod and
// from nowhere else: not through the Pod's IP, a Service or a port-forward.
const controlPrefix = "@podlab-toolbox-serve-"

func controlAddress(port int) string { return controlPrefix + strconv.Itoa(port) }

// ready switches the answers of the server in the same Pod.
func ready(c *call) error {
	f := c.flags()
	port := f.Int("port", 0, "`port` of the server, where a Pod runs several")
	operands, err := c.parse(f, "[--port PORT] [on | off | healthy | unhealthy]\n"+
		"on and off switch /ready, healthy and unhealthy switch /healthz; without a word, say how it is", 0, 1)
	if err != nil {
		return err
	}
	state, method := "", http.MethodGet
	if len(operands) == 1 {
		state, method = operands[0], http.MethodPost
		if !slices.Contains([]string{"on", "off", "healthy", "unhealthy"}, state) {
			return fmt.Errorf("%q: want on, off, healthy or unhealthy", state)
		}
	}
	if *port == 0 {
		if *port, err = soleServer(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", controlAddress(*port))
	}}}
	request, err := http.NewRequestWithContext(ctx, method, "http://toolbox/"+state, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no toolbox server on port %d in this Pod", *port)
	}
	defer response.Body.Close()
	_, err = io.Copy(c.out, response.Body)
	return err
}

// soleServer is the port of the only server in this network namespace.
func soleServer() (int, error) {
	table, err := os.Open("/proc/net/unix")
	if err != nil {
		return 0, err
	}
	defer table.Close()
	ports, err := serverPorts(table)
	switch {
	case err != nil:
		return 0, err
	case len(ports) == 0:
		return 0, errors.New("no toolbox server runs in this Pod")
	case len(ports) > 1:
		return 0, fmt.Errorf("several servers run in this Pod, on ports %s: choose one with --port", strings.Trim(fmt.Sprint(ports), "[]"))
	}
	return ports[0], nil
}

// serverPorts reads the servers' ports from a table like /proc/net/unix, whose
// lines end in the name of a socket.
func serverPorts(table io.Reader) ([]int, error) {
	var ports []int
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		_, name, found := strings.Cut(lines.Text(), controlPrefix)
		if port, err := strconv.Atoi(name); found && err == nil && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	return ports, lines.Err()
}
