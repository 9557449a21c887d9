package existing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"podlab.dev/podlab/cluster/driver"
)

// reportedImages is how many images a kubelet reports unless it is told
// otherwise, the largest first (nodeStatusMaxImages).
const reportedImages = 50

// checkImages refuses a lab whose images are not on every node, since podlab
// cannot put them there. The note names nodes that report so many images that
// the small ones are left out; what cannot be seen is not held against them.
func checkImages(cluster string, nodes []corev1.Node, images []string) (note string, err error) {
	var full []string
	for _, image := range images {
		var without []string
		for i := range nodes {
			node := &nodes[i]
			switch {
			case hasImage(node, image):
			case len(node.Status.Images) >= reportedImages:
				full = append(full, node.Name)
			default:
				without = append(without, node.Name)
			}
		}
		if len(without) > 0 {
			return "", &driver.Error{
				Kind: driver.ErrNeeds,
				What: fmt.Sprintf("image %s is not on %s of cluster %q, and podlab cannot put it there", image, strings.Join(without, ", "), cluster),
				Do:   putThere(nodes, image),
			}
		}
	}
	if len(full) > 0 {
		slices.Sort(full)
		return fmt.Sprintf("%s reports only its %d largest images, so podlab could not see whether the lab's are there",
			strings.Join(slices.Compact(full), ", "), reportedImages), nil
	}
	return "", nil
}

// putThere is the way to get image onto the nodes.
func putThere(nodes []corev1.Node, image string) string {
	archive := "`podlab cluster image > toolbox.tar`"
	if !strings.HasPrefix(image, "podlab.dev/") {
		archive = fmt.Sprintf("`docker pull %s && docker save %s > toolbox.tar`", image, image)
	}
	// kind's nodes say so: kind://docker/CLUSTER/NODE.
	if rest, ok := strings.CutPrefix(nodes[0].Spec.ProviderID, "kind://"); ok {
		if parts := strings.Split(rest, "/"); len(parts) == 3 {
			return fmt.Sprintf("%s, then `kind load image-archive toolbox.tar --name %s`", archive, parts[1])
		}
	}
	return archive + ", then on every node `ctr -n k8s.io images import toolbox.tar`"
}

func hasImage(node *corev1.Node, image string) bool {
	for _, i := range node.Status.Images {
		for _, name := range i.Names {
			// A node may spell out the registry that a short name implies.
			if name == image || name == "docker.io/"+image || name == "docker.io/library/"+image {
				return true
			}
		}
	}
	return false
}

func contextNames(config *clientcmdapi.Config) string {
	names := slices.Sorted(maps.Keys(config.Contexts))
	if len(names) == 0 {
		return "it has none"
	}
	if len(names) > 8 {
		names = append(names[:8], "…")
	}
	return strings.Join(names, ", ")
}
