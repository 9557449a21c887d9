package kind

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"podlab.dev/podlab/cluster/driver"
)

func TestLoggerTurnsPhasesIntoEvents(t *testing.T) {
	var got, phases []string
	l := &logger{
		log: slog.New(slog.DiscardHandler),
		report: func(e driver.Event) {
			got = append(got, fmt.Sprintf("%s %t %t", e.Message, e.Done, e.Err != nil))
		},
		onPhase: func(p string) { phases = append(phases, p) },
	}
	l.V(0).Infof("Creating cluster %q ...\n", "podlab")
	l.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 📦 ")
	l.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 📦 ")
	l.V(0).Infof(" • %s  ...\n", "Starting control-plane 🕹️")
	l.V(3).Info("kubeadm's long talk")
	l.V(0).Infof(" ✗ %s\n", "Starting control-plane 🕹️")
	want := []string{
		"preparing nodes false false", "preparing nodes true false",
		"starting control-plane false false", "starting control-plane true true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if !slices.Equal(phases, []string{"preparing nodes", "starting control-plane"}) {
		t.Errorf("phases %q", phases)
	}
}

func FuzzParsePhase(f *testing.F) {
	f.Add(" • Preparing nodes 📦  ...\n")
	f.Add("✓")
	f.Add("")
	f.Fuzz(func(t *testing.T, message string) {
		if phase, mark := parsePhase(message); (phase == "") != (mark == 0) {
			// "✓" alone: a mark without words is no phase, and neither is the reverse.
			t.Errorf("%q: phase %q, mark %q", message, phase, mark)
		}
	})
}
