package cli_test

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
	"github.com/rogpeppe/go-internal/testscript"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"podlab":   func() { os.Exit(cli.Main()) },
		"kubectl":  func() { os.Exit(cli.Main()) }, // by that name it is kubectl
		"registry": serveRegistry,
		"row":      row,
	})
}

// row FILE STUDENT prints the row of a student in the record of a class.
func row() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	c, err := class.Read(f)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range c.Students {
		if s.ID == os.Args[2] {
			fmt.Printf("%s %d %g %d refusals=%d\n", s.State, s.Earned, s.Score, s.Unjudged, len(s.Refusals))
		}
	}
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
	kubeconfig := clustertest.Kubeconfig(t, cluster.Embedded, cluster.Kind)
	t.Setenv("KUBECACHEDIR", t.TempDir()) // nothing under ~/.kube
	if out, err := exec.Command("kubectl", "--kubeconfig", kubeconfig, "get", "--raw", "/readyz").CombinedOutput(); err != nil {
		t.Fatalf("the cluster of %s does not answer: %v\n%s", kubeconfig, err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster", RequireExplicitExec: true, RequireUniqueNames: true,
		Condition: func(cond string) (bool, error) {
			if cond != "embedded" {
				return false, fmt.Errorf("there is no condition %s", cond)
			}
			return os.Getenv("PODLAB_TEST_CLUSTER") == cond, nil
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", kubeconfig)
			env.Setenv("KUBECACHEDIR", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("PODLAB_CLUSTER", "existing")
			env.Setenv("CACHE", xdg.CacheHome) // with the programs of the embedded cluster
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
