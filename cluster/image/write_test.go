package image_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/image"
)

func TestWriteNeedsATag(t *testing.T) {
	home(t)
	err := image.Write(io.Discard, "example.com/app@sha256:"+strings.Repeat("0", 64), small(t, "amd64"))
	known, ok := errors.AsType[*driver.Error](err)
	if !ok || !errors.Is(err, driver.ErrNeeds) || !strings.Contains(known.Do, "tag") {
		t.Errorf("got %v", err)
	}
}
