//go:build linux

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

const (
	// inARow is how many answers tell that a Service answers, and answersWithin how
	// long that may take: a Service that is new, or whose node was away, is known to
	// all nodes some seconds later.
	inARow        = 5
	answersWithin = 20 * time.Second
	reportEvery   = time.Second
	// lookEvery is how often it is asked where the Service is, and lookWithin when that
	// has to have been said.
	lookEvery  = time.Second
	lookWithin = 5 * time.Second
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
	a, err := newAsker(o)
	if err != nil {
		return err
	}
	defer a.Close()
	go a.follow(ctx)
	if why := a.first(ctx, answersWithin); why != "" {
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
	host   string
	// self answers at once, and is asked at the same moments by a client that waits half as
	// long: what goes unanswered then says more of the node than of who was asked.
	self   *http.Server
	inSelf http.Client
	own    string // its URL

	mu    sync.Mutex
	count order.Count
	// at is where the host was when that was last said, and lost why it is nowhere.
	at   []string
	lost error
}

func newAsker(o order.Ask) (*asker, error) {
	to, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the URL in $FAULT: %w", err)
	}
	a := &asker{Ask: o, host: to.Hostname(), lost: errors.New("the cluster's DNS has not said yet where it is")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("answer itself: %w", err)
	}
	a.own = "http://" + l.Addr().String()
	a.self = &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: o.Within}
	go a.self.Serve(l) //nolint:errcheck // until it is closed; who asks hears of the rest
	a.inSelf = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: o.Within / 2}
	a.client = http.Client{
		// Each request may be answered by another Pod, as those of different clients
		// are.
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: a.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       o.Within,
	}
	return a, nil
}

func (a *asker) Close() error { return a.self.Close() }

// follow keeps what is known of where the Service is, until ctx ends. That no such name
// exists is believed; DNS that does not answer is no fault of the Service, which is
// still asked where it was.
func (a *asker) follow(ctx context.Context) {
	for tick := time.NewTicker(lookEvery); ; {
		look, cancel := context.WithTimeout(ctx, lookWithin)
		at, err := net.DefaultResolver.LookupHost(look, a.host)
		cancel()
		a.found(at, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *asker) found(at []string, err error) {
	var dns *net.DNSError
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		a.at, a.lost = at, nil
	case len(a.at) == 0 || errors.As(err, &dns) && dns.IsNotFound:
		// As text: that DNS took too long is not that the Service did.
		a.at, a.lost = nil, errors.New(err.Error())
	}
}

// dial connects to where the Service is, whatever DNS does at that moment.
func (a *asker) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	at, lost := a.at, a.lost
	a.mu.Unlock()
	if lost != nil {
		return nil, lost
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(at[rand.IntN(len(at))], port))
}

// first asks until there have been several answers in a row; it says why there have
// not.
func (a *asker) first(ctx context.Context, within time.Duration) (why string) {
	late := time.Now().Add(within)
	tick := time.NewTicker(a.Every)
	defer tick.Stop()
	for row := 0; row < inARow; {
		now := once(ctx, &a.client, a.URL)
		if row++; now != "" {
			row, why = 0, now
		}
		select {
		case <-ctx.Done():
			return why
		case <-tick.C:
		}
		if row < inARow && time.Now().After(late) {
			return cmp.Or(why, "there was no time for so many answers")
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
		go a.ask1(context.WithoutCancel(ctx))
	}
}

// ask1 makes a request that counts.
func (a *asker) ask1(ctx context.Context) {
	starved := make(chan bool, 1)
	go func() { starved <- once(ctx, &a.inSelf, a.own) != "" }()
	why := once(ctx, &a.client, a.URL)
	late := <-starved
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count.Asked++; why == "" {
		a.count.Answered++
		return
	}
	if a.count.Why = why; late {
		a.count.Starved++
	}
}

// once makes one request, and says why it was not answered.
func once(ctx context.Context, client *http.Client, to string) (why string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return err.Error()
	}
	res, err := client.Do(req)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			if of.Timeout() {
				return "no answer within " + client.Timeout.String()
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
