//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// start runs a server on a free port until the test ends. The returned stop ends
// it and returns its log.
func start(t *testing.T, message string) (port int, log *buffer, stop func() error) {
	t.Helper()
	log = &buffer{}
	s := &server{message: message, hostname: "web-0", log: &accessLog{w: log}}
	s.ready.Store(true)
	s.healthy.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx, 0, 0) }()
	serving := regexp.MustCompile(`^serving on :(\d+)\n`)
	for deadline := time.Now().Add(5 * time.Second); ; {
		if m := serving.FindStringSubmatch(log.String()); m != nil {
			port, _ = strconv.Atoi(m[1])
			break
		}
		if time.Now().After(deadline) {
			cancel()
			t.Fatalf("not serving; log: %q", log.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
	return port, log, sync.OnceValue(func() error { cancel(); return <-done })
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func ask(t *testing.T, method string, port int, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// applet runs an applet in this process.
func runApplet(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var stdout, stderr bytes.Buffer
	code = run(args, null, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestServerAnswersAndLogs(t *testing.T) {
	port, log, stop := start(t, "hi")
	if code, body := ask(t, "GET", port, "/hello", ""); code != 200 || body != "hi from web-0\n" {
		t.Errorf("GET /hello: %d %q", code, body)
	}
	if code, body := ask(t, "POST", port, "/echo?x=1", "body"); code != 200 || !strings.HasPrefix(body, "POST /echo?x=1 HTTP/1.1\n") || !strings.HasSuffix(body, "\nbody") {
		t.Errorf("POST /echo: %d %q", code, body)
	}
	ask(t, "GET", port, "/a%0aGET%20/forged%20200%20from%2010.0.0.1", "")
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	want := fmt.Sprintf("serving on :%d\n", port) +
		"GET /hello 200 from 127.0.0.1\n" +
		"POST /echo 200 from 127.0.0.1\n" +
		"GET /a%0aGET%20/forged%20200%20from%2010.0.0.1 200 from 127.0.0.1\n" +
		"stopping\n"
	if log.String() != want {
		t.Errorf("log:\n%s\nwant:\n%s", log, want)
	}
}

func TestReadinessIsSwitchedFromInsideOnly(t *testing.T) {
	port, log, stop := start(t, "hi")
	defer stop()
	expect := func(path string, want int) {
		t.Helper()
		if code, _ := ask(t, "GET", port, path, ""); code != want {
			t.Errorf("GET %s: %d, want %d", path, code, want)
		}
	}
	switchTo := func(state, want string) {
		t.Helper()
		code, out, errs := runApplet(t, "toolbox", "ready", "--port", strconv.Itoa(port), state)
		if code != 0 || out != want || errs != "" {
			t.Errorf("ready %s: exit code %d, %q, %q", state, code, out, errs)
		}
	}
	expect("/ready", 200)
	switchTo("off", "now not ready\n")
	expect("/ready", 503)
	expect("/healthz", 200)
	switchTo("unhealthy", "now unhealthy\n")
	expect("/healthz", 503)
	expect("/", 200)
	switchTo("on", "now ready\n")
	switchTo("healthy", "now healthy\n")
	expect("/ready", 200)
	expect("/healthz", 200)

	// Nothing that comes over TCP switches it, not even from loopback.
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		for _, path := range []string{"/ready", "/off", "/ready/off", "/ready?state=off"} {
			if code, _ := ask(t, method, port, path, "off"); code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, code)
			}
		}
	}
	expect("/ready", 200)
	if !strings.Contains(log.String(), "now not ready\n") {
		t.Errorf("the log does not tell: %q", log)
	}
	code, out, _ := runApplet(t, "ready", "--port", strconv.Itoa(port))
	if code != 0 || out != "ready, healthy\n" {
		t.Errorf("ready: exit code %d, %q", code, out)
	}
}

func TestReadyWithoutServer(t *testing.T) {
	if code, _, errs := runApplet(t, "ready", "--port", "1", "off"); code != 1 || errs != "ready: no toolbox server on port 1 in this Pod\n" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if code, _, errs := runApplet(t, "ready", "sideways"); code != 1 || !strings.Contains(errs, "want on, off") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestServerPorts(t *testing.T) {
	const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20000 /run/x.sock
0000000000000000: 00000002 00000000 00010000 0001 01 20001 @podlab-toolbox-serve-9090
0000000000000000: 00000003 00000000 00000000 0001 03 20003 @podlab-toolbox-serve-8080
0000000000000000: 00000002 00000000 00010000 0001 01 20002 @podlab-toolbox-serve-8080
0000000000000000: 00000002 00000000 00010000 0001 01 20004 @podlab-toolbox-serve-x
`
	ports, err := serverPorts(strings.NewReader(table))
	if err != nil || fmt.Sprint(ports) != "[8080 9090]" {
		t.Errorf("got %v, %v", ports, err)
	}
}

func TestServerStopsWhileItStarts(t *testing.T) {
	var log buffer
	s := &server{log: &accessLog{w: &log}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.run(ctx, 0, time.Hour); err != nil {
		t.Error(err)
	}
	if want := "starting, for 1h0m0s\nstopping\n"; log.String() != want {
		t.Errorf("log %q, want %q", log.String(), want)
	}
}

func TestServerFinishesRequestsUnderWay(t *testing.T) {
	port, _, stop := start(t, "hi")
	// A request whose body comes slowly is under way while the server stops.
	body, feed := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), "POST", fmt.Sprintf("http://127.0.0.1:%d/echo", port), body)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answer <- string(text)
	}()
	fmt.Fprint(feed, "first ")
	time.Sleep(50 * time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	time.Sleep(50 * time.Millisecond)
	fmt.Fprint(feed, "second")
	feed.Close()
	if got := <-answer; !strings.HasSuffix(got, "first second") {
		t.Errorf("answer %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestWget(t *testing.T) {
	port, _, stop := start(t, "hi")
	defer stop()
	url := fmt.Sprintf("127.0.0.1:%d", port)
	if code, out, errs := runApplet(t, "wget", "-qO-", url+"/hello"); code != 0 || out != "hi from web-0\n" || errs != "" {
		t.Errorf("wget -qO-: %d %q %q", code, out, errs)
	}
	if code, _, errs := runApplet(t, "wget", "-q", "-O", "-", "http://127.0.0.1:1/"); code != 1 || errs != "wget: can't connect to remote host (127.0.0.1:1): Connection refused\n" {
		t.Errorf("refused: %d %q", code, errs)
	}
	runApplet(t, "ready", "--port", strconv.Itoa(port), "off")
	if code, out, errs := runApplet(t, "wget", "-qO-", url+"/ready"); code != 1 || out != "" || errs != "wget: server returned error: HTTP/1.1 503 Service Unavailable\n" {
		t.Errorf("503: %d %q %q", code, out, errs)
	}
	if code, out, _ := runApplet(t, "wget", "-qO-", "--header", "X-Lab: 1", "--post-data", "a=b", url+"/echo"); code != 0 || !strings.Contains(out, "X-Lab: 1") || !strings.HasSuffix(out, "a=b") {
		t.Errorf("post: %d %q", code, out)
	}
	if code, _, errs := runApplet(t, "nc", "-z", "127.0.0.1", strconv.Itoa(port)); code != 0 || errs != "" {
		t.Errorf("nc -z: %d %q", code, errs)
	}
	if code, _, errs := runApplet(t, "nc", "-z", "127.0.0.1", "1"); code != 1 || !strings.Contains(errs, "Connection refused") {
		t.Errorf("nc -z, closed: %d %q", code, errs)
	}
}

func TestServeRuns(t *testing.T) {
	for _, c := range []struct {
		command string
		code    int
		want    string
	}{
		{"echo one; echo two", http.StatusOK, "one\ntwo\n"},
		{"exit 3", http.StatusInternalServerError, "exit 3: exit status 3\n"},
	} {
		s := &server{command: c.command, log: &accessLog{w: io.Discard}}
		w := httptest.NewRecorder()
		s.pages().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if w.Code != c.code || w.Body.String() != c.want {
			t.Errorf("%s: %d %q", c.command, w.Code, w.Body.String())
		}
	}
}
