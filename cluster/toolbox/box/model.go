//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// modelServer serves a language model that is none: it takes the memory that a model
// would take of the container's GPUs, keeps them busy while it answers, and says
// nothing of interest. Its pages:
//
//	POST /v1/completions  {"prompt": "…", "max_tokens": 16}, as other servers have it
//	GET  /healthz         200 once the weights are loaded
//	GET  /metrics         requests and tokens, for Prometheus
type modelServer struct {
	name    string
	devices []string
	memory  int // MiB of each device
	load    int // percent, besides what requests ask for
	rate    int // tokens a second
	log     *accessLog

	running  atomic.Int64 // requests under way
	finished atomic.Int64 // requests since the GPUs last heard
	requests atomic.Int64
	tokens   atomic.Int64
}

const (
	modelBeat  = 500 * time.Millisecond // how often the GPUs hear how busy they are
	modelAway  = 30 * time.Second       // for which the GPUs' driver may be away
	maxTokens  = 4096
	maxRequest = 64 << 10 // bytes
)

// model runs the server until SIGTERM, SIGINT, or until a GPU fails.
func model(c *call) error {
	f := c.flags()
	port := f.Int("port", envPort(), "TCP `port` to listen on; PORT in the environment is the default")
	name := f.String("name", "podlab-1b", "`name` of the model")
	memory := f.String("memory", "8Gi", "`size` of the weights, spread over all GPUs of the container")
	load := f.Int("load", 0, "keep the GPUs this `percent` busy even without requests, like a training run")
	rate := f.Int("rate", 50, "`tokens` a second that one request gets")
	if _, err := c.parse(f, "[FLAG]...", 0, 0); err != nil {
		return err
	}
	size, err := quantity(*memory)
	if err != nil {
		return err
	}
	if *load < 0 || *load > 100 || *rate < 1 {
		return errors.New("--load is 0 to 100 percent, --rate at least 1 token a second")
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	s := &modelServer{name: *name, load: *load, rate: *rate, log: &accessLog{w: c.out}}
	conn, err := s.open(ctx, int(size>>20))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(*port))
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	web := &http.Server{Handler: s.log.of(s.pages()), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- web.Serve(listener) }()
	go func() { failed <- s.beat(ctx, conn) }()
	s.log.printf("model %s: %d MiB on each of %d GPUs, serving on :%d", s.name, s.memory, len(s.devices), *port)
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.log.printf("stopping")
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return errors.Join(err, web.Shutdown(grace))
}

// open finds the container's GPUs and loads the weights.
func (s *modelServer) open(ctx context.Context, total int) (*bus.Conn, error) {
	conn, err := bus.Dial(ctx, bus.Socket)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("CUDA error: no CUDA-capable device is detected (does the container ask for nvidia.com/gpu?)")
	}
	if err != nil {
		return nil, fmt.Errorf("CUDA error: the driver does not answer: %w", err)
	}
	node, err := conn.Node()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.devices = bus.Devices(node.Here())
	if len(s.devices) == 0 {
		return nil, errors.Join(errors.New("CUDA error: no CUDA-capable device is detected"), conn.Close())
	}
	s.memory = (total + len(s.devices) - 1) / len(s.devices)
	if err := conn.Use(s.use()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// use is what the server takes of its GPUs: a request keeps half of each busy.
func (s *modelServer) use() bus.Use {
	worked := int(s.running.Load()+s.finished.Swap(0)) * 50
	return bus.Use{Devices: s.devices, MemoryMiB: s.memory, Util: min(s.load+worked, 100)}
}

// beat tells the GPUs how busy they are, until one fails. A driver that is started
// anew knows nothing of this program, and is told.
func (s *modelServer) beat(ctx context.Context, conn *bus.Conn) error {
	defer func() { conn.Close() }()
	away := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(modelBeat):
		}
		err := conn.Use(s.use())
		switch {
		case err == nil:
			away = time.Time{}
			continue
		case strings.HasPrefix(err.Error(), "CUDA error"):
			return err
		case away.IsZero():
			away = time.Now()
		case time.Since(away) > modelAway:
			return fmt.Errorf("CUDA error: the driver does not answer: %w", err)
		}
		if again, err := bus.Dial(ctx, bus.Socket); err == nil {
			conn.Close()
			conn = again
		}
	}
}

func (s *modelServer) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("POST /v1/completions", s.complete)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE model_requests_total counter\nmodel_requests_total{model=%q} %d\n", s.name, s.requests.Load())
		fmt.Fprintf(w, "# TYPE model_generated_tokens_total counter\nmodel_generated_tokens_total{model=%q} %d\n", s.name, s.tokens.Load())
		fmt.Fprintf(w, "# TYPE model_requests_running gauge\nmodel_requests_running{model=%q} %d\n", s.name, s.running.Load())
	})
	return mux
}

// complete answers a prompt, in the time that so many tokens take.
func (s *modelServer) complete(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Prompt string `json:"prompt"`
		Tokens int    `json:"max_tokens"`
	}{Tokens: 16}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRequest)).Decode(&in); err != nil || in.Tokens < 1 || in.Tokens > maxTokens {
		http.Error(w, fmt.Sprintf(`send {"prompt": "…", "max_tokens": 1 to %d}`, maxTokens), http.StatusBadRequest)
		return
	}
	s.requests.Add(1)
	s.running.Add(1)
	defer s.running.Add(-1)
	select {
	case <-r.Context().Done():
		return
	case <-time.After(time.Duration(in.Tokens) * time.Second / time.Duration(s.rate)):
	}
	s.tokens.Add(int64(in.Tokens))
	s.finished.Add(1)
	w.Header().Set("Content-Type", "application/json")
	answer := struct {
		Model   string              `json:"model"`
		Choices []map[string]string `json:"choices"`
		Usage   map[string]int      `json:"usage"`
	}{s.name, []map[string]string{{"text": strings.TrimSpace(strings.Repeat("pod ", in.Tokens))}}, map[string]int{"completion_tokens": in.Tokens}}
	_ = json.NewEncoder(w).Encode(answer) // the client is gone: nobody to tell
}
