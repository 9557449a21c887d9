package content

import (
	"slices"
	"testing"
)

func TestOutputs(t *testing.T) {
	page := parse(t, "```text\nnobody's\n```\n\n```sh\na\nb\n```\n\n```text\nA\n\nB\n```\n\n```yaml\nx: 1\n```\n\n    no output\n\n```text\nB\n```\n\n```sh\nc\n```\n")
	want := []Output{{"nobody's", ""}, {"A\n\nB", "a\nb"}, {"B", "a\nb"}}
	if got := page.Outputs(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
