package kubelet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	podresources "k8s.io/kubelet/pkg/apis/podresources/v1"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// Holders asks the kubelet, on its socket for such questions, which containers have
// the GPUs of n.
func Holders(socket string) func(ctx context.Context, n *bus.Node) error {
	return func(ctx context.Context, n *bus.Node) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer conn.Close()
		all, err := podresources.NewPodResourcesListerClient(conn).List(ctx, &podresources.ListPodResourcesRequest{})
		if err != nil {
			return fmt.Errorf("ask the kubelet who has which GPU: %w", err)
		}
		gpus := map[string]*bus.GPU{}
		for i := range n.GPUs {
			g := &n.GPUs[i]
			gpus[g.UUID] = g
			for _, inst := range g.Instances {
				gpus[inst.UUID] = g
			}
		}
		for _, pod := range all.PodResources {
			for _, c := range pod.Containers {
				give := func(device string) {
					uuid, _, _ := strings.Cut(device, "::")
					if g := gpus[uuid]; g != nil {
						g.Holders = append(g.Holders, bus.Holder{Namespace: pod.Namespace, Pod: pod.Name, Container: c.Name, Device: device})
					}
				}
				for _, d := range c.Devices {
					for _, id := range d.DeviceIds {
						give(id)
					}
				}
				for _, claim := range c.DynamicResources {
					for _, r := range claim.ClaimResources {
						for _, cdi := range r.CdiDevices {
							_, uuid, _ := strings.Cut(cdi.Name, "=")
							give(uuid)
						}
					}
				}
			}
		}
		return nil
	}
}
