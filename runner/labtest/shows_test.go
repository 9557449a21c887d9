package labtest

import (
	"slices"
	"strings"
	"testing"
)

// What varies from run to run is told apart by nobody.
func TestMasked(t *testing.T) {
	for _, c := range [][2]string{
		{"web   1/1     Running   0          9s", "web 1/1   Running   0   2m10s  "},
		{"a  4d3h", "a  25h"},
		{"2 (2s ago)   17s", "2 (12s ago)   1m1s"},
		{"Warning  Unhealthy  2s  kubelet", "Warning  Unhealthy  3s (x2 over 5s)  kubelet"},
		{"Warning  Unhealthy  3s (x3 over 1m7s)  kubelet", "Warning  Unhealthy  3s (x2 over 5s)  kubelet"},
		{"pod/web-7c467b6bd5-kf5vb", "pod/web-66bcdd8696-pdcrg"},
		{"replicaset.apps/web-7c467b6bd5", "replicaset.apps/web-5d4f8c7d9"},
		{"job-kf5vb", "job-zx84g"},
		{"GET / 200 from ::1", "GET / 200 from 10.244.0.17"},
		{"from fd00:10:244::5", "from 127.0.0.1"},
		{"dial tcp 10.244.0.166:8080: refused", "dial tcp [::1]:8080: refused"},
		{"127.0.0.1:32718/team/app:v1", "127.0.0.1:30001/team/app:v1"},
		{"connection from 127.0.0.1:40780 to web:80", "connection from 127.0.0.1:60794 to web:80"},
		{"on podlab-control-plane", "on podlab-worker2"},
		{"Started: Mon, 23 Nov 2026 16:17:58 +0000", "Started: Tue, 01 Dec 2026 06:20:00 +0100"},
		{"startedAt: \"2026-11-23T06:20:00Z\"", "startedAt: \"2026-12-01T16:17:58.123Z\""},
		{"-r-------- 1 root root 4 Nov 23 06:20 pin", "-r-------- 1 root root 4 Dec  1 16:17 pin"},
		{"uid: 0b1e3f0a-6f0e-4a42-9a57-0d8f4f1f3b11", "uid: ffffffff-6f0e-4a42-9a57-0d8f4f1f3b11"},
		{"app@sha256:" + strings.Repeat("0a", 32), "app@sha256:" + strings.Repeat("f7", 32)},
		{"      7       0 root     S        7.0M toolbox serve", "     12       0 root     S       11.0M toolbox serve"},
		{"one\n\n", "one"},
	} {
		if a, b := masked(c[0]), masked(c[1]); !slices.Equal(a, b) {
			t.Errorf("%q and %q", a, b)
		}
	}
}

// What a lesson teaches is told apart.
func TestMaskedKeeps(t *testing.T) {
	for _, c := range [][2]string{
		{"ErrImagePull", "ImagePullBackOff"},
		{"web  1/2  Running", "web  2/2  Running"},
		{"web  1/1  Running  0  9s", "web  1/1  Running  1  9s"},
		{"1 (2s ago)", "2 (2s ago)"},
		{"1 (2s ago)", "0"},
		{"cpu: 400m", "cpu: 100m"},
		{"128Mi", "128m"},
		{"exit code 137", "exit code 143"},
		{"listening on :8080", "listening on :8090"},
		{"dial tcp 10.0.0.1:8080", "dial tcp 10.0.0.1:80"},
		{"web-a", "web-b"},
		{"web-7c467b6bd5", "web-7c467b6bd5-kf5vb"},
		{"shop-debug", "shop"},
		{"toolbox:v1", "toolbox:v2"},
		{"podlab.dev/toolbox:v1", "podlab.dev/Toolbox:v1"},
		{"0/1 nodes are available", "0/2 nodes are available"},
		{"Endpoints: ", "Endpoints: 10.0.0.1:80"},
		{"      1       0 root     S        2.0M /pause", "      7       0 root     S        2.0M /pause"},
		{"      7       0 root     S        7.0M toolbox serve", "      7       0 root     Z        7.0M toolbox serve"},
		{"4.0M\t/var", "8.0M\t/var"},
		{"mode 0400", "mode 0600"},
		{"one\n\ntwo", "one\ntwo"},
		{"Liveness probe failed: HTTP probe failed with statuscode: 503", "Readiness probe failed: HTTP probe failed with statuscode: 503"},
	} {
		if a, b := masked(c[0]), masked(c[1]); slices.Equal(a, b) {
			t.Errorf("%q and %q are both %q", c[0], c[1], a)
		}
	}
}

func TestAbridged(t *testing.T) {
	for _, c := range []struct{ want, got, abridged string }{
		{"a b", "a b", "a b"},
		{"a b", "a c", "a c"},
		{"a b", "a b c", "a b c"},
		{"a b", "a", "a"},
		{"… c", "a b c", "… c"},
		{"... c", "a b c", "... c"},
		{"a …", "a b c", "a …"},
		{"a …", "a", "a …"},
		{"… c …", "a b c d", "… c …"},
		{"… a b", "a c a b", "… a b"},   // not the first a
		{"… a x", "c a b d", "… a b d"}, // what is near is shown
		{"… x", "a b", "a b"},
		{"a … d", "a b c", "a b c"},
		{"in-…-limits", "in-demo-limits", "in-…-limits"},
		{"in-…-limits", "in-demo-limit", "in-demo-limit"},
		{"1.2…", "102", "102"}, // nothing but … is a pattern
	} {
		if got := strings.Join(abridged(strings.Fields(c.want), strings.Fields(c.got)), " "); got != c.abridged {
			t.Errorf("%s of %s: %s, want %s", c.want, c.got, got, c.abridged)
		}
	}
}
