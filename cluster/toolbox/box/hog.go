//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// hog takes memory or processor time until it is stopped: what limits are for.
func hog(c *call) error {
	f := c.flags()
	memory := f.String("memory", "", "take this `much` memory, such as 200Mi, 10Mi every tenth of a second")
	cpus := f.Int("cpu", 0, "keep this `many` processors busy")
	if _, err := c.parse(f, "[--memory SIZE] [--cpu NUMBER]", 0, 0); err != nil {
		return err
	}
	if *memory == "" && *cpus <= 0 {
		return errors.New("nothing to do: give --memory or --cpu")
	}
	for range *cpus {
		go func() {
			for { //nolint:revive // busy on purpose
			}
		}()
	}
	if *memory == "" {
		return c.meter(*cpus, time.Second, -1)
	}
	want, err := quantity(*memory)
	if err != nil {
		return err
	}
	const step = 10 << 20
	var held [][]byte
	for have := int64(0); have < want; {
		part := bytes.Repeat([]byte{1}, int(min(step, want-have))) // written, so that it is really there
		held = append(held, part)
		have += int64(len(part))
		fmt.Fprintf(c.out, "holding %s\n", human(uint64(have)))
		time.Sleep(100 * time.Millisecond)
	}
	for {
		time.Sleep(time.Hour)
		_ = held[0][0] // still in use
	}
}

// meter prints every so often how much of the processors this process got, times
// times or, if that is negative, for ever: a limit shows as a smaller number.
func (c *call) meter(cpus int, every time.Duration, times int) error {
	used, at, err := processorTime()
	for ; err == nil && times != 0; times-- {
		time.Sleep(every)
		before, began := used, at
		if used, at, err = processorTime(); err == nil {
			fmt.Fprintf(c.out, "got %.2f of %d processors\n", (used-before).Seconds()/at.Sub(began).Seconds(), cpus)
		}
	}
	return err
}

// processorTime is how long processors have worked for this process by now.
func processorTime() (used time.Duration, now time.Time, err error) {
	var usage unix.Rusage
	err = unix.Getrusage(unix.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), time.Now(), err
}
