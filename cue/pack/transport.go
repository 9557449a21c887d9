package pack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// maxModule is how many bytes are fetched for a module, all answers together.
const maxModule = MaxTotal

// limitedTransport fetches no more than it should, and looks into archives before
// CUE unpacks them into its cache: a MB can unpack into a GB.
type limitedTransport struct {
	mu   sync.Mutex
	left int64
	over *BoundError
}

// RoundTrip reads the whole answer: what comes out of here is small.
func (t *limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.Body == nil || r.Method == http.MethodHead {
		return resp, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	t.mu.Lock()
	left := t.left
	t.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(resp.Body, left+1))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left -= int64(len(body)); t.left < 0 {
		t.over = &BoundError{What: fmt.Sprintf("has more than %s", units(maxModule)), Do: "ask its author to split it: large things belong into images"}
		return nil, t.over
	}
	if over := archive(body); over != nil {
		t.over = over
		return nil, t.over
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// exceeded is the bound that was passed, or nil: not every caller of a
// transport passes its errors on.
func (t *limitedTransport) exceeded() *BoundError {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// archive says what is wrong with a module's archive. CUE unpacks no file beyond
// the size that the archive's directory says, and no name that leads out.
func archive(body []byte) *BoundError {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil // it is something else
	}
	if len(z.File) > MaxFiles {
		return &BoundError{What: fmt.Sprintf("has more than %d files", MaxFiles), Do: "ask its author to split it"}
	}
	var total uint64
	for _, f := range z.File {
		if f.UncompressedSize64 > MaxTotal || total+f.UncompressedSize64 > MaxTotal {
			return &BoundError{What: fmt.Sprintf("unpacks into more than %s", units(MaxTotal)), Do: "ask its author to split it: large things belong into images"}
		}
		total += f.UncompressedSize64
	}
	return nil
}
