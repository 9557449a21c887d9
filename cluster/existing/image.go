package existing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"podlab.dev/podlab/cluster/driver"
	carried "podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cue/lab"
)

// reportedImages is how many images a kubelet reports unless it is told
// otherwise, the largest first (nodeStatusMaxImages).
const reportedImages = 50

// reportWithin bounds the wait for a node to report an image. A kubelet looks for
// new images every 30 seconds and tells the API server some 10 seconds later, on a
// busy node a minute; nothing tells an image that is not reported yet from one
// that was never loaded.
const reportWithin = 90 * time.Second

// awaitImages waits until every ready node reports the images that the lab needs,
// and refuses the lab when one does not, since podlab cannot put them there. It
// gives the nodes as they were last seen.
func (d *Driver) awaitImages(ctx context.Context, client *kubernetes.Clientset, cluster string, nodes []corev1.Node, needs lab.Needs, report driver.Report) ([]corev1.Node, error) {
	image, without := missingImage(nodes, needs.Images)
	if len(without) == 0 {
		return nodes, nil
	}
	refusal := refuseMissing(cluster, nodes, needs.Images)
	step := report.Begin(driver.PhaseLoad, "waiting for node %s to report image %s (up to a minute after it was loaded)", strings.Join(without, ", "), image)
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	api := client.CoreV1().Nodes()
	why, err := driver.Until(ctx, api.List, api.Watch, metav1.ListOptions{}, func(all []corev1.Node) string {
		if nodes, refusal = readyNodes(cluster, all, needs); refusal == nil {
			refusal = refuseMissing(cluster, nodes, needs.Images)
		}
		if refusal == nil {
			return ""
		}
		return refusal.Error()
	})
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil && why == refusal.Error():
		err = refusal
	case err != nil:
		err = refused(cluster, "list its nodes", errors.New(why))
	}
	return nodes, step.End(err)
}

// refuseMissing refuses a lab with an image that is not on every node.
func refuseMissing(cluster string, nodes []corev1.Node, images []string) error {
	image, without := missingImage(nodes, images)
	if len(without) == 0 {
		return nil
	}
	return &driver.Error{
		Kind: driver.ErrNeeds,
		What: fmt.Sprintf("image %s is not on %s of cluster %q, and podlab cannot put it there", image, strings.Join(without, ", "), cluster),
		Do:   putThere(nodes, image),
	}
}

// missingImage finds an image that nodes do not report, and those nodes. What
// cannot be seen is not held against a node; see [unseenImages].
func missingImage(nodes []corev1.Node, images []string) (image string, without []string) {
	for _, image := range images {
		for i := range nodes {
			if node := &nodes[i]; !hasImage(node, image) && !truncated(node) {
				without = append(without, node.Name)
			}
		}
		if len(without) > 0 {
			slices.Sort(without)
			return image, without
		}
	}
	return "", nil
}

// unseenImages names the nodes whose report may leave out images that the lab
// needs; "" when everything was seen.
func unseenImages(nodes []corev1.Node, images []string) string {
	var blind []string
	for i := range nodes {
		node := &nodes[i]
		if truncated(node) && slices.ContainsFunc(images, func(image string) bool { return !hasImage(node, image) }) {
			blind = append(blind, node.Name)
		}
	}
	if len(blind) == 0 {
		return ""
	}
	slices.Sort(blind)
	return fmt.Sprintf("%s reports only its %d largest images, so podlab could not see whether the lab's are there",
		strings.Join(blind, ", "), reportedImages)
}

// truncated tells whether a node reports so many images that the small ones are
// left out.
func truncated(node *corev1.Node) bool { return len(node.Status.Images) >= reportedImages }

// putThere is the way to get image onto the nodes.
func putThere(nodes []corev1.Node, image string) string {
	archive := "`podlab cluster image > toolbox.tar`"
	if image == carried.GPU {
		archive = "`podlab cluster image --gpu > toolbox.tar`"
	} else if !strings.HasPrefix(image, "podlab.dev/") {
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
