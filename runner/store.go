// Package runner runs labs. A [Session] is a lab on a cluster: a namespace of
// its own, a timeline that records what happens there, and a learner's place in
// the lesson. It lives in a folder and outlasts every process: killed at any
// point, the next one goes on from what is on disk.
//
//	store := runner.NewStore(dir)
//	s, err := store.Open("first-pod", l)      // begins or resumes
//	err = s.Attach(ctx, cluster)              // namespace, kubeconfig
//	err = s.Watch(ctx, func(r grader.Report) { … })
package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/natefinch/atomic"

	"podlab.dev/podlab/cue/lab"
)

// Store is the folder with all sessions of a user.
type Store struct{ dir string }

// NewStore returns the store in dir, which need not exist yet.
func NewStore(dir string) Store { return Store{dir} }

// Dir is the store's folder.
func (s Store) Dir() string { return s.dir }

func (s Store) session(key string) string { return filepath.Join(s.dir, "sessions", key) }

// stateFile is the file with a session's State, in its folder.
const stateFile = "session.json"

// State is what a session remembers besides its timeline.
type State struct {
	// Key names the session; Lab is how to load its lab: a built-in name, an
	// absolute path, or a lab of a module, example.com/team/pods@v0.1.0:first-pod.
	Key string `json:"key"`
	Lab string `json:"lab"`
	// Title is the lab's, for lists.
	Title     string `json:"title"`
	Namespace string `json:"namespace"`
	// Cluster says which cluster it was attached to last, as driver/name.
	Cluster string `json:"cluster,omitempty"`
	// Page is the step that the learner reads, from 0.
	Page int `json:"page"`
	// Hints are the numbers of the hints taken, from 0, by check.
	Hints map[string][]int `json:"hinted,omitempty"`
	// Answers are those given to questions, in order, since the last reset.
	Answers []Answered `json:"answers,omitempty"`
	// Broken says what was broken by hand, in order, since the last reset.
	Broken []string `json:"broken,omitempty"`
	// Redone are the steps that were begun anew, in order, and Rebuilt is how often
	// what a lost namespace held was asked back, since the last reset.
	Redone  []string `json:"redone,omitempty"`
	Rebuilt int      `json:"rebuilt,omitempty"`
	// Sitting is the exam that was begun; nil where there is none.
	Sitting *Sitting `json:"sitting,omitempty"`
	// Seed picks the lab's params.
	Seed string `json:"seed,omitempty"`
	// Earned and Points are the score when it was last looked at.
	Earned  int       `json:"earned"`
	Points  int       `json:"points"`
	Started time.Time `json:"started"`
	Touched time.Time `json:"touched"`
}

// Answered is an answer to the question of a check.
type Answered struct {
	Check string `json:"check"`
	Text  string `json:"text"`
}

// NoSessionError says that there is nothing to check, reset or stop.
type NoSessionError struct{ Key string }

func (e *NoSessionError) Error() string {
	if e.Key == "" {
		return "no lab has been started"
	}
	return fmt.Sprintf("lab %s has not been started", e.Key)
}

// Remedy names the command that starts one.
func (e *NoSessionError) Remedy() string {
	if e.Key == "" {
		return "podlab list shows the labs, podlab start LAB starts one"
	}
	return "podlab start " + e.Key
}

// Usage marks the error as one of input.
func (e *NoSessionError) Usage() {}

// SeedError says that a session has other params than are asked for.
type SeedError struct{ Key string }

func (e *SeedError) Error() string {
	return fmt.Sprintf("lab %s was begun with another seed", e.Key)
}

// Remedy keeps what the learner has done.
func (e *SeedError) Remedy() string {
	return "go on without --seed: the lab's values stay what they are"
}

// Usage marks the error as one of input.
func (e *SeedError) Usage() {}

// Open begins the session of a lab, or resumes it. name is how the lab can be
// loaded again; see [Catalog.Ref]. The params are picked by chance when it begins.
func (s Store) Open(key, name string, l *lab.Lab) (*Session, error) {
	return s.OpenSeeded(key, name, l, "")
}

// OpenSeeded opens a session whose params are picked by seed; one that was begun
// with another is a [SeedError].
func (s Store) OpenSeeded(key, name string, l *lab.Lab, seed string) (*Session, error) {
	dir := s.session(key)
	if err := os.MkdirAll(filepath.Join(dir, "work"), 0o700); err != nil {
		return nil, fmt.Errorf("make the session's folder: %w", err)
	}
	x := &Session{Lab: l, Key: key, store: s, dir: dir}
	err := x.Update(func(st *State) {
		if st.Key == "" {
			*st = State{Key: key, Namespace: key, Started: time.Now().UTC()}
		}
		if st.Seed == "" {
			st.Seed = cmp.Or(seed, fmt.Sprintf("%08x", rand.Uint32()))
		}
		st.Lab, st.Title, st.Points = name, l.Title, l.Points()
		st.Page = min(st.Page, len(l.Steps)-1)
	})
	if err != nil {
		return nil, err
	}
	if seed != "" && x.State.Seed != seed {
		return nil, &SeedError{Key: key}
	}
	if x.Lab, err = l.For(x.State.Seed); err != nil {
		return nil, err
	}
	return x, nil
}

// MakeCurrent makes the session the one that commands mean which name no lab.
func (x *Session) MakeCurrent() error {
	if err := atomic.WriteFile(filepath.Join(x.store.dir, "current"), strings.NewReader(x.Key+"\n")); err != nil {
		return fmt.Errorf("remember the current lab: %w", err)
	}
	return nil
}

// Current is the key of the session that was opened last, or "".
func (s Store) Current() string {
	b, _ := os.ReadFile(filepath.Join(s.dir, "current"))
	return strings.TrimSpace(string(b))
}

// Find returns the session with the given key, or the current one when key is
// empty. It does not create any; the error is then a [NoSessionError].
func (s Store) Find(key string, c Catalog) (*Session, error) {
	name := key // as the user said it
	if key == "" {
		key = s.Current()
		name = key
	} else if isPath(key) || c.pack != "" {
		f, err := c.folder(key)
		var unknown *lab.UnknownError
		switch {
		case err == nil:
			key = f.key
		case isPath(key) || !errors.As(err, &unknown):
			return nil, err
		}
	}
	if key == "" {
		return nil, &NoSessionError{}
	}
	st, err := readState(s.session(key))
	if errors.Is(err, fs.ErrNotExist) {
		if _, _, err := c.Load(name); err != nil {
			return nil, err // there is no such lab either
		}
		return nil, &NoSessionError{Key: name}
	}
	if err != nil {
		return nil, err
	}
	l, _, err := c.From("").Load(st.Lab) // whichever pack names mean now
	if err != nil {
		return nil, err
	}
	if l, err = l.For(st.Seed); err != nil {
		return nil, err
	}
	return &Session{Lab: l, Key: key, State: st, store: s, dir: s.session(key)}, nil
}

// demo begins the keys of sessions that only last as long as a demo plays.
const demo = "demo-"

// OpenDemo begins a session of its own for playing a lab, beside the learner's.
// An empty seed picks the params by chance.
func (s Store) OpenDemo(key, name string, l *lab.Lab, seed string) (*Session, error) {
	return s.OpenSeeded(fmt.Sprintf("%s%s-%05x", demo, key, rand.N(1<<20)), name, l, seed)
}

// LockGPUs waits until nobody else plays a lab with GPUs, and keeps others waiting
// until unlock.
func (s Store) LockGPUs(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make podlab's folder: %w", err)
	}
	l := flock.New(filepath.Join(s.dir, "gpus.lock"))
	if _, err := l.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for the GPUs: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

// Leftovers lists the sessions of demos that were killed.
func (s Store) Leftovers() []*Session {
	entries, _ := os.ReadDir(filepath.Join(s.dir, "sessions"))
	var out []*Session
	for _, e := range entries {
		x := &Session{Key: e.Name(), store: s, dir: s.session(e.Name())}
		if !strings.HasPrefix(x.Key, demo) {
			continue
		}
		var err error
		if x.State, err = readState(x.dir); err != nil || time.Since(x.State.Touched) < time.Minute {
			continue // it may be about to be played
		}
		if x.Free() == nil {
			out = append(out, x)
		}
	}
	return out
}

// States lists the learner's sessions, the one touched last first.
func (s Store) States() ([]State, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "sessions"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var out []State
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), demo) {
			continue
		}
		st, err := readState(s.session(e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Touched.After(out[j].Touched) })
	return out, nil
}

func readState(dir string) (st State, err error) {
	path := filepath.Join(dir, stateFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return st, err
	}
	if err := json.Unmarshal(b, &st); err != nil {
		return st, fmt.Errorf("read %s: %w", path, err)
	}
	return st, nil
}

// Update changes the session's state on disk. Several processes may do so at a
// time; each sees what the others wrote.
func (x *Session) Update(change func(*State)) error {
	lock := flock.New(filepath.Join(x.dir, "session.lock"))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if ok, err := lock.TryLockContext(ctx, 10*time.Millisecond); !ok {
		return fmt.Errorf("lock the session: %w", err)
	}
	defer lock.Unlock() //nolint:errcheck // it ends with the process at the latest
	st, err := readState(x.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	change(&st)
	st.Touched = time.Now().UTC()
	b, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the session: %w", err)
	}
	if err := atomic.WriteFile(filepath.Join(x.dir, stateFile), strings.NewReader(string(b)+"\n")); err != nil {
		return fmt.Errorf("save the session: %w", err)
	}
	x.State = st
	return nil
}
