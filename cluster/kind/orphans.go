package kind

import (
	"context"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
)

// limitOrphans makes a node's connections end within seconds of their process; the
// kernel would keep them for up to two minutes.
//
// An engine that crashed or was killed forgets the network interfaces that it had
// given to its nodes, and they last at least as long as a connection in them.
// Until then a node that was started again has a dead twin on the same bridge, with
// its addresses: whatever the twin still sends draws the living node's packets to
// it, and it answers those with resets. Clients of the API server lost connections
// to that long after it was ready.
//
// The settings are gone with the node's network, so each start needs them again.
// A peer that lives acknowledges at once and keeps its connection.
func (s *session) limitOrphans(ctx context.Context) {
	const set = "cd /proc/sys/net/ipv4 && " +
		"echo 2 >tcp_orphan_retries && " + // 3 seconds for what nobody acknowledges
		"echo 5 >tcp_fin_timeout" // seconds for a peer that does not close its side
	if err := s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
		return node.CommandContext(ctx, "sh", "-c", set).Run()
	}); err != nil { // it only matters if the engine is killed
		s.config.Log.Debug("limit orphaned connections", "err", err)
	}
}
