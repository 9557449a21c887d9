package kind

import (
	"context"
	"time"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
)

// serviceSubnet is kind's default range of Service addresses for IPv4.
const serviceSubnet = "10.96.0.0/16"

// refuseLostServices makes the nodes refuse what is sent to a Service address
// that kube-proxy does not know yet.
//
// The network of a node image built from source is a file, so Pods may start
// before kube-proxy has written its rules. Their first packet to the API server's
// Service would then leave by the default route, and connection tracking would
// send every retry after it: CoreDNS lost 30 seconds to that in each start. With
// this route the connection fails at once and the next one is a new one. A known
// Service address is rewritten before the node looks for a route, so nothing else
// changes. The route lasts until the node is stopped.
func (s *session) refuseLostServices(ctx context.Context) {
	const within = 10 * time.Second // a node that has just started may not have its network yet
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
			return node.CommandContext(ctx, "ip", "route", "replace", "unreachable", serviceSubnet).Run()
		})
		if err == nil {
			return
		}
		s.config.Log.Debug("route for unknown services", "err", err)
		select {
		case <-ctx.Done():
			return // only slower
		case <-time.After(300 * time.Millisecond):
		}
	}
}
