//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"
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
		fmt.Fprintf(c.out, "keeping %d processors busy\n", *cpus)
		select {}
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
