package kind

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/exec"
)

// fakeNode runs a shell script in place of ctr.
type fakeNode struct {
	nodes.Node
	ctr string
}

func (n fakeNode) CommandContext(ctx context.Context, command string, args ...string) exec.Cmd {
	script := n.ctr
	if command == "containerd" { // is asked for its configuration
		script = `printf 'version = 3\n[plugins."io.containerd.cri.v1.images"]\nsnapshotter = "overlayfs"\n'`
	}
	return exec.CommandContext(ctx, "sh", "-c", script)
}

// Of a writer and an import that both fail, the one that failed first is the cause.
func TestImportWritten(t *testing.T) {
	cut := errors.New("the engine stopped")
	whole := func(_ context.Context, w io.Writer) error {
		_, err := io.Copy(w, io.LimitReader(zeros{}, 1<<20))
		return err
	}
	half := func(_ context.Context, w io.Writer) error {
		_, _ = w.Write(make([]byte, 1000))
		return cut
	}
	for _, tc := range []struct {
		name  string
		ctr   string
		write archiver
		fails string // "" when it does not
	}{
		{"both go well", "test $(wc -c) = 1048576", whole, ""},
		{"the writer fails", "test $(wc -c) = 1048576", half, cut.Error()},
		{"the node fails at once", "exit 1", whole, "import image"},
		{"the node fails at the end", "cat >/dev/null; exit 1", whole, "import image"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := importWritten(ctx, fakeNode{ctr: tc.ctr}, tc.write)
			if (err == nil) != (tc.fails == "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("got %v, want %q", err, tc.fails)
			}
			if ctx.Err() != nil {
				t.Error("it hung")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
