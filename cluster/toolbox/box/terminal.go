//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"mvdan.cc/sh/v3/syntax"
)

// interact is the shell at a terminal, with line editing, a history and
// completion of file names. The terminal is in raw mode only while a line is
// read, so programs find it as they expect.
func (s *shell) interact(c *call) error {
	fd := int(c.in.Fd())
	keys := &keyboard{r: c.in}
	screen := struct {
		io.Reader
		io.Writer
	}{keys, c.out}
	line := term.NewTerminal(screen, "")
	line.History = &history{}
	line.AutoCompleteCallback = func(text string, at int, key rune) (string, int, bool) {
		if key != '\t' {
			return "", 0, false
		}
		head := complete(text[:at], s.runner.Dir)
		return head + text[at:], len(head), true
	}
	resize := func() {
		if width, height, err := term.GetSize(fd); err == nil && width > 0 {
			_ = line.SetSize(width, height) // it only redraws
		}
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	defer signal.Stop(resized)
	go func() {
		for range resized {
			resize()
		}
	}()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, unix.SIGINT)
	defer signal.Stop(interrupted)

	var last error
	buffer := ""
	for {
		prompt := s.runner.Dir + " $ "
		if os.Geteuid() == 0 {
			prompt = s.runner.Dir + " # "
		}
		if buffer != "" {
			prompt = "> "
		}
		resize()
		line.SetPrompt(prompt)
		cooked, err := term.MakeRaw(fd)
		if err != nil {
			return err
		}
		text, err := line.ReadLine()
		if restored := term.Restore(fd, cooked); restored != nil {
			return restored
		}
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(c.out)
			return s.leave(context.Background(), last, "sh")
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return err
		}
		if keys.interrupted && strings.HasSuffix(text, interruptMark) {
			keys.interrupted, buffer = false, ""
			continue
		}
		buffer += text + "\n"
		file, err := syntax.NewParser().Parse(strings.NewReader(buffer), "sh")
		if syntax.IsIncomplete(err) {
			continue
		}
		buffer = ""
		if err != nil {
			fmt.Fprintf(c.err, "%v\n", err)
			last = errUsage
			continue
		}
		for _, statement := range file.Stmts {
			var ended bool
			if ended, last = s.interruptible(statement, interrupted); ended {
				fmt.Fprintln(c.out)
				break // ^C ends the whole line, and not the shell
			}
			if s.runner.Exited() {
				return s.leave(context.Background(), last, "sh")
			}
		}
	}
}

// interruptible runs a statement that SIGINT ends. A program gets the signal
// from the terminal itself and may handle it; if it dies of it, so do the loop
// around it and the rest of the line.
func (s *shell) interruptible(statement *syntax.Stmt, interrupted <-chan os.Signal) (ended bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var came atomic.Bool
	s.traps.setOnEnd(func(code int) {
		if came.Swap(false) && code == 130 {
			cancel()
		}
	})
	defer s.traps.setOnEnd(nil)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-interrupted:
				if s.traps.idle() {
					cancel()
				} else {
					came.Store(true)
				}
			}
		}
	}()
	err = s.statement(ctx, statement, "sh")
	return ctx.Err() != nil, err
}

// keyboard turns ^C into keys that clear the line, write ^C and end it: the line
// editor would take it for the end of the input.
type keyboard struct {
	r           io.Reader
	left        []byte
	interrupted bool
}

const interruptMark = "^C"

// history is the lines typed, as the line editor asks for it.
type history []string

// Add puts a line at the end, unless it is blank, a repetition or a ^C.
func (h *history) Add(line string) {
	if n := len(*h); strings.TrimSpace(line) == "" || line == interruptMark || (n > 0 && (*h)[n-1] == line) {
		return
	}
	*h = append(*h, line)
}

// Len is the number of lines.
func (h *history) Len() int { return len(*h) }

// At is the line that was typed i lines ago, 0 being the last.
func (h *history) At(i int) string { return (*h)[len(*h)-1-i] }

func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.left) == 0 {
		buffer := make([]byte, 256)
		n, err := k.r.Read(buffer)
		for _, b := range buffer[:n] {
			if b == 3 {
				k.interrupted = true
				k.left = append(k.left, "\x05\x15"+interruptMark+"\r"...) // end, kill line
				continue
			}
			k.left = append(k.left, b)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, k.left)
	k.left = k.left[n:]
	return n, nil
}

// complete extends the last word of head to the longest file name, or at the
// line's start command name, that all candidates share.
func complete(head, dir string) string {
	word := head[strings.LastIndexAny(head, " \t;|&<>\"'=")+1:]
	var candidates []string
	if strings.TrimSpace(strings.TrimSuffix(head, word)) == "" && !strings.Contains(word, "/") {
		for _, name := range append(names(applets()), "cd", "exit") {
			if strings.HasPrefix(name, word) {
				candidates = append(candidates, name+" ")
			}
		}
	} else {
		folder, prefix := filepath.Split(word)
		look := folder
		if !filepath.IsAbs(look) {
			look = filepath.Join(dir, look)
		}
		entries, err := os.ReadDir(look)
		if err != nil {
			return head
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), prefix) || (prefix == "" && strings.HasPrefix(e.Name(), ".")) {
				continue
			}
			end := " "
			if info, err := os.Stat(filepath.Join(look, e.Name())); err == nil && info.IsDir() {
				end = "/"
			}
			candidates = append(candidates, folder+e.Name()+end)
		}
	}
	if len(candidates) == 0 {
		return head
	}
	common := candidates[0]
	for _, candidate := range candidates[1:] {
		for !strings.HasPrefix(candidate, common) {
			common = common[:len(common)-1]
		}
	}
	if len(common) < len(word) {
		return head
	}
	return strings.TrimSuffix(head, word) + common
}
