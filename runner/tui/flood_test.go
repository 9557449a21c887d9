package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/term"
)

// TestMain is also a program for the shell's pane: it streams logs at 10 MB/s in
// all rows but the first, where it counts the keys that are pressed.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "flood" {
		os.Exit(m.Run())
	}
	if _, err := term.MakeRaw(int(os.Stdin.Fd())); err != nil {
		panic(err)
	}
	keys := make(chan int)
	go func() {
		b := make([]byte, 1)
		for n := 1; ; n++ {
			if _, err := os.Stdin.Read(b); err != nil {
				os.Exit(0)
			}
			keys <- n
		}
	}()
	const rate, every = 10 << 20, 5 * time.Millisecond
	line := "2026-01-02T03:04:05.678Z INFO request served path=/healthz status=200 took=1.234ms\r\n"
	logs := strings.Repeat(line, int(rate*every/time.Second)/len(line))
	fmt.Print("\x1b[2J\x1b[2;40r\x1b[2;1H")
	for tick := time.NewTicker(every); ; {
		select {
		case n := <-keys:
			fmt.Printf("\x1b7\x1b[1;1Hkeys: %d\x1b8", n)
		case <-tick.C:
			os.Stdout.WriteString(logs)
		}
	}
}

// BenchmarkKeyToPaint is the time from a key that is pressed on the terminal
// until what it does is seen there, while logs stream through the pane.
func BenchmarkKeyToPaint(b *testing.B) {
	flood := filepath.Join(b.TempDir(), "flood")
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, flood)
	}
	if err != nil {
		b.Fatal(err)
	}
	m := newScreen(b, lesson)
	m.options.Shell = flood
	_, o, end := run(b, m, 160, 50)
	defer end()
	o.press(b, "x")
	o.await(b, "keys: 1")
	time.Sleep(time.Second)
	var took []time.Duration
	pressed := 1
	for b.Loop() {
		time.Sleep(time.Duration(20+pressed%17) * time.Millisecond) // no key comes at the same moment of a frame
		pressed++
		want := fmt.Sprintf("keys: %d", pressed)
		began := time.Now()
		o.press(b, "x")
		for !strings.Contains(o.row(2), want) { // the first of the pane
			time.Sleep(200 * time.Microsecond)
			if time.Since(began) > 5*time.Second {
				b.Fatalf("no %s:\n%s", want, o.text())
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
	b.ReportMetric(float64(took[len(took)*9/10].Microseconds())/1000, "ms/p90")
}

// row is a row of the screen.
func (o *outer) row(y int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.term.Row(y, 0)
}

// BenchmarkView is what a picture costs when the shell has written all its rows.
func BenchmarkView(b *testing.B) {
	m := newScreen(b, lesson)
	_, o, end := run(b, m, 160, 50)
	o.await(b, "lab$")
	end()
	line := []byte("2026-01-02T03:04:05.678Z \x1b[32mINFO\x1b[m request served path=/healthz status=200 took=1.234ms\r\n")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = m.shell.term.Write(line)
		m.fresh = false
		m.View()
	}
}
