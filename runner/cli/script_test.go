package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
	"github.com/rogpeppe/go-internal/testscript"

	"podlab.dev/podlab/runner/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"podlab":   func() { os.Exit(cli.Main()) },
		"kubectl":  func() { os.Exit(cli.Main()) }, // by that name it is kubectl
		"registry": serveRegistry,
	})
}

// TestScript runs what needs no cluster.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Setup: setup,
	})
}

// TestCluster runs labs on the real cluster, side by side, each script in
// namespaces of its own. podlab cluster up has made it.
func TestCluster(t *testing.T) {
	home := map[string]string{"kind": "podlab", "embedded": "embedded-podlab"}[os.Getenv("PODLAB_TEST_CLUSTER")]
	if home == "" {
		t.Skip("needs a cluster: make test brings one up and says with PODLAB_TEST_CLUSTER which")
	}
	kubeconfig := filepath.Join(xdg.StateHome, "podlab", "clusters", home, "kubeconfig")
	t.Setenv("KUBECACHEDIR", t.TempDir()) // nothing under ~/.kube
	if out, err := exec.Command("kubectl", "--kubeconfig", kubeconfig, "get", "--raw", "/readyz").CombinedOutput(); err != nil {
		t.Fatalf("the cluster of %s does not answer: %v\n%s", kubeconfig, err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", kubeconfig)
			env.Setenv("KUBECACHEDIR", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("PODLAB_CLUSTER", "existing")
			return setup(env)
		},
	})
}

// setup gives a script a state folder of its own and the built-in labs' folder.
func setup(env *testscript.Env) error {
	labs, err := filepath.Abs("../../labs")
	if err != nil {
		return err
	}
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
	env.Setenv("LABS", labs)
	// Lab folders of one script are named apart from those of every other: a
	// namespace is named after its lab.
	env.Setenv("NAME", strings.ToLower(filepath.Base(env.WorkDir)))
	return nil
}
