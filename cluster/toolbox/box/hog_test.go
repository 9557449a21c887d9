//go:build linux

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"
	"time"
)

// What is metered is this very process: it works for a while, and then it does
// not.
func TestMeter(t *testing.T) {
	var out bytes.Buffer
	c := &call{name: "hog", out: &out}
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	if err := c.meter(1, 200*time.Millisecond, 1); err != nil {
		t.Fatal(err)
	}
	close(stop)
	time.Sleep(10 * time.Millisecond)
	if err := c.meter(1, 200*time.Millisecond, 1); err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`got (\d+\.\d\d) of 1 processors\n`).FindAllSubmatch(out.Bytes(), -1)
	var busy, idle float64
	if len(lines) == 2 {
		_, err1 := fmt.Sscan(string(lines[0][1]), &busy)
		_, err2 := fmt.Sscan(string(lines[1][1]), &idle)
		if err1 == nil && err2 == nil && busy > 2*idle {
			return
		}
	}
	t.Errorf("busy and then idle it prints:\n%s", out.String())
}
