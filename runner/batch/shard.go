package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
)

// Shard grades the students of one index of the Job, within the cluster, and hands
// each row back as soon as it is there. load loads the lab from a folder.
func Shard(ctx context.Context, namespace, index string, load func(dir string) (*lab.Lab, error), say func(string, ...any)) error {
	cfg, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("grade within a cluster: %w", err)
	}
	cfg.QPS, cfg.Burst = 100, 200
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	s := &shard{secrets: func() secrets { return clients.CoreV1().Secrets(namespace) }, say: say}
	handed, err := s.secrets().Get(ctx, planName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get the plan: %w", err)
	}
	p, folder, err := unpack(handed.Data, filepath.Join(shardDir, "lab"))
	if err != nil {
		return err
	}
	l, err := load(folder)
	if err != nil {
		return err
	}
	entries, err := s.entries(ctx, index)
	if err != nil || len(entries) == 0 {
		return err
	}
	kubeconfig := filepath.Join(shardDir, "kubeconfig")
	if err := writeKubeconfig(cfg, kubeconfig); err != nil {
		return err
	}
	var trouble error
	_, err = Run(ctx, Config{
		Lab: l, Ref: folder, Out: filepath.Join(shardDir, "out"), Resume: true, Identity: p.Identity,
		Parallel: p.Parallel, Patience: p.Patience, Program: p.Program, Say: say,
		Up: func(ctx context.Context) (*cluster.Cluster, error) {
			needs := l.Needs
			needs.Faults = false // who handed the work over has seen to that, with rights that no shard has
			return cluster.Up(ctx, cluster.Options{StateDir: filepath.Join(shardDir, "state"), Driver: cluster.Existing, Kubeconfig: kubeconfig}, needs, nil)
		},
		Progress: func(p Progress) {
			if p.Student == nil {
				return
			}
			say("%s: %s %g", p.Student.ID, p.Student.State, p.Student.Score)
			trouble = errors.Join(trouble, s.back(ctx, *p.Student))
		},
	}, entries)
	return errors.Join(err, trouble)
}

type secrets interface {
	Get(context.Context, string, metav1.GetOptions) (*corev1.Secret, error)
	List(context.Context, metav1.ListOptions) (*corev1.SecretList, error)
	Create(context.Context, *corev1.Secret, metav1.CreateOptions) (*corev1.Secret, error)
}

type shard struct {
	secrets func() secrets
	say     func(string, ...any)
	orders  map[string]handedOver // by student
}

// handedOver is what a shard remembers of an order.
type handedOver struct{ row, file string }

// entries are the students of this shard who have no row yet.
func (s *shard) entries(ctx context.Context, index string) (out []Entry, err error) {
	rows, err := s.secrets().List(ctx, metav1.ListOptions{LabelSelector: kindOf + "=row"})
	if err != nil {
		return nil, fmt.Errorf("look for the rows that are there: %w", err)
	}
	there := map[string]bool{}
	for _, r := range rows.Items {
		there[r.Annotations[studentOf]] = true
	}
	work, err := s.secrets().List(ctx, metav1.ListOptions{LabelSelector: kindOf + "=work," + shardOf + "=" + index})
	if err != nil {
		return nil, fmt.Errorf("get the work of this shard: %w", err)
	}
	dir := filepath.Join(shardDir, "submissions")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s.orders = map[string]handedOver{}
	for i := range work.Items {
		e, file, err := decodeWork(&work.Items[i], dir)
		if err != nil {
			return nil, err
		}
		if !there[e.ID] {
			s.orders[e.ID] = handedOver{"row-" + work.Items[i].Name, file}
			out = append(out, e)
		}
	}
	return out, nil
}

// back hands a row back, with its evidence. What another try of this shard has handed
// back already stays.
func (s *shard) back(ctx context.Context, row class.Student) error {
	var evidence []byte
	var err error
	if row.Evidence != "" {
		evidence, err = os.ReadFile(filepath.Join(shardDir, "out", filepath.FromSlash(row.Evidence)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the evidence: %w", err)
		}
	}
	o := s.orders[row.ID]
	row.Submission = o.file
	parts, err := encodeRow(row, evidence)
	if err != nil {
		return err
	}
	for i, data := range parts {
		x := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%d", o.row, i), Labels: map[string]string{kindOf: "evidence"}, Annotations: map[string]string{studentOf: row.ID},
		}, Data: data}
		if i == len(parts)-1 {
			x.Name, x.Labels[kindOf] = o.row, "row"
		}
		for tries := 0; ; tries++ {
			_, err := s.secrets().Create(ctx, x, metav1.CreateOptions{})
			if err == nil || apierrors.IsAlreadyExists(err) {
				break
			}
			if ctx.Err() != nil || tries == 10 {
				return fmt.Errorf("hand back the row of %s: %w", row.ID, err)
			}
			time.Sleep(time.Second)
		}
	}
	return nil
}

// writeKubeconfig writes who this Pod is to the cluster.
func writeKubeconfig(cfg *rest.Config, path string) error {
	c := clientcmdapi.NewConfig()
	c.Clusters["cluster"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthority: cfg.CAFile}
	c.AuthInfos["pod"] = &clientcmdapi.AuthInfo{TokenFile: cfg.BearerTokenFile}
	c.Contexts["cluster"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "pod"}
	c.CurrentContext = "cluster"
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		return fmt.Errorf("write the kubeconfig of the shard: %w", err)
	}
	return nil
}
