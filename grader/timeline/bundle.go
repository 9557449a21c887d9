package timeline

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// BundleFormat is the format that this package writes and reads.
const BundleFormat = "evidence/v1"

// Bounds of a bundle, in bytes before compression: of all its entries, and of one
// line. An object of Kubernetes has at most 1.5 MB.
const (
	MaxBundle = 32 << 20
	maxEntry  = 4 << 20
)

// Header is the first line of a bundle and says what the rest is.
type Header struct {
	Format string `json:"format"`
	// Lab is the lab's name, LabDigest the digest of its files, and Seed what its
	// params were picked by.
	Lab       string `json:"lab"`
	LabDigest string `json:"labDigest"`
	Seed      string `json:"seed,omitempty"`
	// Session is the name of the session, Program the podlab that recorded it.
	Session string    `json:"session,omitempty"`
	Program string    `json:"program,omitempty"`
	Saved   time.Time `json:"saved"`
	// Report is the final report by these entries when they were saved, as JSON.
	Report json.RawMessage `json:"report,omitempty"`

	// Entries is how many there are, LeftOut how many of each kind were too many.
	// The numbers of those that are left have holes then.
	Entries int          `json:"entries"`
	LeftOut map[Kind]int `json:"leftOut,omitempty"`
	// Digest is "sha256:" and the hex digest over the lines of the entries.
	Digest string `json:"digest"`
}

// Bundle is a timeline in one file that can be handed in and graded elsewhere:
// gzip over lines of JSON, the header and then the entries.
type Bundle struct {
	Header
	Timeline []Entry
}

// DamagedError says what about a file makes it no bundle.
type DamagedError struct{ What string }

func (e *DamagedError) Error() string { return "the evidence " + e.What }

// Remedy says how to get one that is whole.
func (e *DamagedError) Remedy() string {
	return "save it again with podlab evidence save, or get the file anew from whoever sent it"
}

// Usage marks the error as one of input.
func (e *DamagedError) Usage() {}

func damaged(format string, args ...any) error {
	return &DamagedError{What: fmt.Sprintf(format, args...)}
}

// WriteBundle writes entries as a bundle. Of a timeline that is too long the log
// lines are left out from the end, but for those that prove a verdict of the report,
// and the header says so; one that is too long without them is an error. It fills in Format, Entries, LeftOut and Digest.
func WriteBundle(w io.Writer, h Header, entries []Entry) error {
	lines, size, logs := make([][]byte, len(entries)), 0, 0
	for i, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode entry %d: %w", e.Seq, err)
		}
		lines[i] = append(line, '\n')
		size += len(lines[i])
	}
	proof := evidence(h.Report)
	for i := len(entries) - 1; i >= 0 && size > MaxBundle; i-- {
		if entries[i].Kind == Log && !proof[entries[i].Seq] {
			size -= len(lines[i])
			lines[i] = nil
			logs++
		}
	}
	if size > MaxBundle {
		return fmt.Errorf("the timeline has %d MiB; evidence has at most %d MiB", size>>20, MaxBundle>>20)
	}
	body := bytes.Join(lines, nil)
	h.Format, h.Entries, h.Digest = BundleFormat, len(entries)-logs, digest(body)
	if logs > 0 {
		h.LeftOut = map[Kind]int{Log: logs}
	}
	head, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode the header: %w", err)
	}
	z := gzip.NewWriter(w)
	_, err = z.Write(append(append(head, '\n'), body...))
	return errors.Join(err, z.Close())
}

// evidence are the entries that a report names.
func evidence(report json.RawMessage) map[int64]bool {
	var r struct {
		Results []struct {
			Evidence []int64 `json:"evidence"`
		} `json:"results"`
	}
	if json.Unmarshal(report, &r) != nil {
		return nil // there is none
	}
	out := map[int64]bool{}
	for _, x := range r.Results {
		for _, seq := range x.Evidence {
			out[seq] = true
		}
	}
	return out
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ReadBundle reads a bundle that may be anybody's: it is bounded, whole, and each
// entry has what its kind says. The error is a [*DamagedError] where it is not.
func ReadBundle(r io.Reader) (*Bundle, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, damaged("is no file of podlab's: %v", err)
	}
	lines := bufio.NewReaderSize(io.LimitReader(z, MaxBundle+maxEntry), 16<<10)
	head, err := readLine(lines)
	if err != nil {
		return nil, damaged("has no header: %v", err)
	}
	b := &Bundle{}
	if err := json.Unmarshal(head, &b.Header); err != nil {
		return nil, damaged("has no header: %v", err)
	}
	if b.Format != BundleFormat {
		return nil, damaged("is of the format %q; this podlab reads %q", b.Format, BundleFormat)
	}
	sum := sha256.New()
	last := int64(0)
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return nil, damaged("breaks off after entry %d: %v", last, err)
		}
		sum.Write(line)
		e, err := decode(line)
		if err != nil {
			return nil, damaged("cannot be read after entry %d: %v", last, err)
		}
		if err := e.sound(last); err != nil {
			return nil, err
		}
		last = e.Seq
		b.Timeline = append(b.Timeline, e)
	}
	switch got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); {
	case len(b.Timeline) != b.Entries:
		return nil, damaged("has %d entries and says that it has %d", len(b.Timeline), b.Entries)
	case got != b.Digest:
		return nil, damaged("was changed: its digest is not the one that it names")
	}
	return b, nil
}

// readLine is the next line, its newline included.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxEntry:
			return nil, errors.New("a line is too long")
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return line, err
		}
	}
}

// sound tells whether an entry can follow the one numbered last, and has what
// its kind says.
func (e Entry) sound(last int64) error {
	whole, known := e.whole()
	switch {
	case e.Seq <= last:
		return damaged("has entry %d after entry %d", e.Seq, last)
	case !known:
		return damaged("has an entry of a kind that is not known, %q", e.Kind)
	case !whole:
		return damaged("has an entry %d that lacks what a %s has", e.Seq, e.Kind)
	}
	return nil
}

// whole tells whether an entry has what its kind has, and whether that is a kind.
func (e Entry) whole() (whole, known bool) {
	switch e.Kind {
	case Start:
		return e.Origin != nil, true
	case Object, Deleted:
		return len(e.Object) > 0, true
	case Log:
		return e.Log != nil, true
	case Exec:
		return e.Exec != nil, true
	case HTTP:
		return e.HTTP != nil, true
	case Answer:
		return e.Answer != nil, true
	case Setup:
		return e.Setup != nil, true
	case Fault:
		return e.Fault != nil, true
	case Served:
		return e.Served != nil, true
	case Redo, Rebuild:
		return e.Rework != nil, true
	case Synced, Gap, Resumed, Clock, Reset:
		return true, true
	}
	return false, false
}
