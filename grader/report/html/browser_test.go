package html_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"podlab.dev/podlab/grader/class/classtest"
)

// A browser shows the page, runs its script and no other, and fetches nothing. All
// that it would fetch goes to a proxy of the test, which counts.
func TestBrowser(t *testing.T) {
	chromium := browser(t)
	page := render(t, hostile(), func(s string) string { return s })

	dom, fetched := open(t, chromium, page, "#student-7")
	for _, want := range []string{`<html lang="en" class="on">`, `id="row-7"`, `<details class="student" data-n="7" open="">`} {
		if !strings.Contains(dom, want) {
			t.Errorf("%s is not in the page:\n%.2000s", want, dom)
		}
	}
	if strings.Contains(dom, "data-hacked") {
		t.Error("a script of a student has run")
	}
	if len(fetched) > 0 {
		t.Errorf("fetched: %s", fetched)
	}

	// The same without a policy, with a picture from elsewhere and a script: the
	// proxy and the mark would show it.
	bad := `<!doctype html><html><body><img src="http://evil.example/x"><script>document.documentElement.dataset.hacked = 1</script></body></html>`
	if dom, fetched := open(t, chromium, bad, ""); !strings.Contains(dom, "data-hacked") || !slices.Contains(fetched, "evil.example") {
		t.Errorf("the test would not see what it looks for: fetched %s, in\n%s", fetched, dom)
	}
	// And with the policy of the page, which has to stop both.
	policy := page[strings.Index(page, "<meta http-equiv"):]
	bad = strings.Replace(bad, "<body>", "<head>"+policy[:strings.Index(policy, ">")+1]+"</head><body>", 1)
	if dom, fetched := open(t, chromium, bad, ""); strings.Contains(dom, "data-hacked") || len(fetched) > 0 {
		t.Errorf("the policy stops nothing: fetched %s, in\n%s", fetched, dom)
	}
}

// A class of 200 is shown in good time.
func TestBrowserShowsALargeClass(t *testing.T) {
	chromium := browser(t)
	dom, _ := open(t, chromium, render(t, classtest.Of(200), clean), "")
	if n := strings.Count(dom, `<tr id="row-`); n != 200 {
		t.Errorf("%d rows are shown", n)
	}
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium on PATH")
	return ""
}

// open shows a page, at a fragment of it, in a browser without a network. It returns what the page is
// after its scripts have run, and the hosts that something was asked of; those that
// the browser asks on its own, whatever it shows, are left out.
func open(t *testing.T, chromium, page, fragment string) (dom string, fetched []string) {
	t.Helper()
	var mu sync.Mutex
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		host := r.URL.Hostname()
		if host == "" {
			host = r.Host
		}
		if !strings.Contains(host, "google") && !strings.Contains(host, "gvt1") {
			fetched = append(fetched, host)
		}
		http.Error(w, "there is no network", http.StatusBadGateway)
	}))
	defer proxy.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "class.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--proxy-server="+proxy.URL, "--proxy-bypass-list=<-loopback>",
		"--virtual-time-budget=2000", "--dump-dom", "file://"+file+fragment)
	cmd.WaitDelay = 5 * time.Second // what it started may hold its pipes
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatal(fmt.Errorf("%w: %.2000s", err, said.String()))
	}
	mu.Lock()
	defer mu.Unlock()
	return out.String(), slices.Clone(fetched)
}
