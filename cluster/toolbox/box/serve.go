//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	defaultPort = 8080
	drain       = 5 * time.Second // for requests under way when told to stop
	patience    = 5 * time.Second // with the command of --run
	maxEcho     = 1 << 20         // bytes of a body that /echo sends back
)

// server is the web server of the labs. Its pages:
//
//	/         hello, from which Pod; or what a command prints (--run)
//	/healthz  200, or 503 after `toolbox ready unhealthy`
//	/ready    200, or 503 after `toolbox ready off`
//	/echo     the request as the server saw it: method, headers, body
type server struct {
	message  string
	command  string // for a shell, instead of the message; may be empty
	hostname string
	ready    atomic.Bool
	healthy  atomic.Bool
	log      *accessLog
}

// serve runs the server until SIGTERM or SIGINT.
func serve(c *call) error {
	f := c.flags()
	port := f.Int("port", envPort(), "TCP `port` to listen on; PORT in the environment is the default")
	message := f.String("message", os.Getenv("MESSAGE"), "`text` of the page /; default \"hello\"")
	command := f.String("run", "", "answer / with what this shell `command` prints, run for each request")
	delay := f.Duration("start-delay", 0, "listen only after this `time`, like a program that boots slowly")
	if _, err := c.parse(f, "[FLAG]...", 0, 0); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	s := &server{message: *message, command: *command, hostname: hostname, log: &accessLog{w: c.out}}
	if s.message == "" {
		s.message = "hello"
	}
	s.ready.Store(true)
	s.healthy.Store(true)
	return s.run(ctx, *port, *delay)
}

// run listens on port, 0 for any, and serves until ctx ends.
func (s *server) run(ctx context.Context, port int, delay time.Duration) error {
	if delay > 0 {
		s.log.printf("starting, for %s", delay)
		select {
		case <-ctx.Done():
			s.log.printf("stopping")
			return nil
		case <-time.After(delay):
		}
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return fmt.Errorf("listen on :%d: %s", port, reason(err))
	}
	port = listener.Addr().(*net.TCPAddr).Port
	control, err := net.Listen("unix", controlAddress(port))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	web := &http.Server{Handler: s.log.of(s.pages()), ReadHeaderTimeout: 10 * time.Second}
	inner := &http.Server{Handler: s.control(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- web.Serve(listener) }()
	go func() { failed <- inner.Serve(control) }()
	s.log.printf("serving on :%d", port)

	select {
	case err = <-failed:
	case <-ctx.Done():
		s.log.printf("stopping")
	}
	// The caller's context is over already; requests under way get a little time.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return errors.Join(err, web.Shutdown(grace), inner.Close())
}

// pages is what every client may ask for.
func (s *server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.healthy.Load(), "ok", "unhealthy") })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.ready.Load(), "ready", "not ready") })
	mux.HandleFunc("/echo", s.echo)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only /echo takes "+r.Method, http.StatusMethodNotAllowed)
			return
		}
		if s.command != "" {
			s.print(w, r)
			return
		}
		fmt.Fprintf(w, "%s from %s\n", s.message, s.hostname)
	})
	return mux
}

// print answers with what the command prints, and how it failed if it did.
func (s *server) print(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sh", "-c", s.command).Output()
	if err != nil {
		s.log.printf("%s: %v", s.command, err)
		http.Error(w, fmt.Sprintf("%s: %v", s.command, err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(out) // the client is gone: nobody to tell
}

func answer(w http.ResponseWriter, good bool, yes, no string) {
	if !good {
		w.WriteHeader(http.StatusServiceUnavailable)
		yes = no
	}
	fmt.Fprintln(w, yes)
}

func (s *server) echo(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s\nHost: %s\n", r.Method, r.RequestURI, r.Proto, r.Host)
	_ = r.Header.Write(w) // the client is gone: nobody to tell
	fmt.Fprintln(w)
	_, _ = io.Copy(w, io.LimitReader(r.Body, maxEcho))
}

// control is what only `toolbox ready` can ask for, over a socket that no
// network leads to.
func (s *server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{state}", func(w http.ResponseWriter, r *http.Request) {
		set := func(flag *atomic.Bool, to bool, said string) {
			flag.Store(to)
			s.log.printf("%s", said)
			fmt.Fprintln(w, said)
		}
		switch r.PathValue("state") {
		case "on":
			set(&s.ready, true, "now ready")
		case "off":
			set(&s.ready, false, "now not ready")
		case "healthy":
			set(&s.healthy, true, "now healthy")
		case "unhealthy":
			set(&s.healthy, false, "now unhealthy")
		default:
			http.NotFound(w, r)
		}
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, true, word(s.ready.Load(), "ready", "not ready")+", "+word(s.healthy.Load(), "healthy", "unhealthy"), "")
	})
	return mux
}

func word(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// envPort is the port that the environment asks for.
func envPort() int {
	if port, err := strconv.Atoi(os.Getenv("PORT")); err == nil {
		return port
	}
	return defaultPort
}

// accessLog writes whole lines: one for each request, so that `kubectl logs -f`
// shows who asks, and a few about the server itself.
type accessLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *accessLog) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, format+"\n", args...)
}

// of logs what h answers: "GET /hello 200 from 10.244.0.1". A path is escaped,
// so that no client can forge a line.
func (l *accessLog) of(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, code: http.StatusOK}
		h.ServeHTTP(seen, r)
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			from = r.RemoteAddr
		}
		l.printf("%s %s %d from %s", r.Method, r.URL.EscapedPath(), seen.code, from)
	})
}

// statusWriter remembers the status code that a handler sent.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}
