//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

const (
	// inARow is how many answers tell that a Service answers, and answersWithin how
	// long that may take.
	inARow        = 5
	answersWithin = 10 * time.Second
	reportEvery   = time.Second
)

// ask asks what it is told, says so once it is answered, and from podlab's word on
// counts.
func ask(ctx context.Context, log *slog.Logger) error {
	var o order.Ask
	if err := json.Unmarshal([]byte(os.Getenv("FAULT")), &o); err != nil {
		return fmt.Errorf("read $FAULT: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	word := make(chan struct{})
	go func() {
		defer cancel()
		watchPod(ctx, word, log)
	}()
	a := newAsker(o)
	if why := a.first(ctx); why != "" {
		return tell(ctx, why, log)
	}
	if err := tell(ctx, order.OK, log); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(unsaid):
		return errors.New("podlab has not said that it is time")
	case <-word:
	}
	go a.ask(ctx)
	for tick := time.NewTicker(reportEvery); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		text, err := json.Marshal(a.sum())
		if err != nil {
			return err
		}
		// One that is late is worth nothing: the next says more.
		late, cancel := context.WithTimeout(ctx, reportEvery)
		if err := annotate(late, order.Served, string(text), log); err != nil {
			log.Warn("the API server does not hear", "err", err)
		}
		cancel()
	}
}

// asker makes requests and counts what comes of them.
type asker struct {
	order.Ask
	client http.Client

	mu    sync.Mutex
	count order.Count
}

func newAsker(o order.Ask) *asker {
	return &asker{Ask: o, client: http.Client{
		// Each request may be answered by another Pod, as those of different clients
		// are.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       o.Within,
	}}
}

// first asks until there have been several answers in a row; it says why there have
// not.
func (a *asker) first(ctx context.Context) (why string) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	tick := time.NewTicker(a.Every)
	defer tick.Stop()
	for row := 0; row < inARow; {
		now := a.once(ctx)
		if row++; now != "" {
			row, why = 0, now
		}
		select {
		case <-ctx.Done():
			return why
		case <-tick.C:
		}
	}
	return ""
}

// ask asks until ctx ends, whether or not earlier requests have been answered.
func (a *asker) ask(ctx context.Context) {
	tick := time.NewTicker(a.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		go func() {
			why := a.once(context.WithoutCancel(ctx))
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.count.Asked++; why == "" {
				a.count.Answered++
			} else {
				a.count.Why = why
			}
		}()
	}
}

// once makes one request, and says why it was not answered.
func (a *asker) once(ctx context.Context) (why string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return err.Error()
	}
	res, err := a.client.Do(req)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			if of.Timeout() {
				return "no answer within " + a.Within.String()
			}
			err = of.Err
		}
		return err.Error()
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		return "the answer broke off: " + err.Error()
	}
	if res.StatusCode >= http.StatusBadRequest {
		return res.Status
	}
	return ""
}

func (a *asker) sum() order.Count {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}
