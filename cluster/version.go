package cluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"

	"podlab.dev/podlab/cluster/driver"
)

// oldEnough refuses a cluster whose Kubernetes is older than the minor version
// that a lab needs, "1.33"; none is fine with any.
func oldEnough(running, minor string) error {
	if minor == "" {
		return nil
	}
	have, err := version.ParseGeneric(running)
	if err != nil {
		return fmt.Errorf("read the version of the cluster: %w", err)
	}
	want, err := version.ParseGeneric(minor + ".0")
	if err != nil {
		return fmt.Errorf("read the version that the lab needs: %w", err)
	}
	if have.AtLeast(want) || have.Major() == want.Major() && have.Minor() == want.Minor() {
		return nil
	}
	return &driver.Error{
		Kind: driver.ErrNeeds, What: fmt.Sprintf("the lab needs Kubernetes %s or newer, and the cluster runs %s", minor, running),
		Do: "choose another cluster with --cluster, or another node image with --node-image",
	}
}
