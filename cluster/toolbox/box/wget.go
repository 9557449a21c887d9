//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// wget fetches a page over HTTP. Its errors are worded as in BusyBox, which is
// the wget that people meet in containers.
func wget(c *call) error {
	f := c.flags()
	quiet := f.BoolP("quiet", "q", false, "say only what goes wrong")
	output := f.StringP("output-document", "O", "", "the `file` to write; - is standard output")
	response := f.BoolP("server-response", "S", false, "show the answer's headers")
	spider := f.Bool("spider", false, "only see whether the page is there")
	seconds := f.IntP("timeout", "T", 0, "give up after this many `seconds`; 0 is never")
	headers := f.StringArray("header", nil, "a `header` to send, Name: value")
	body := f.String("post-data", "", "POST this `text`")
	insecure := f.Bool("no-check-certificate", false, "trust any certificate")
	agent := f.StringP("user-agent", "U", "Wget", "the `name` to give")
	f.IntP("tries", "t", 1, "once, which is how it always is")
	f.BoolP("no-verbose", "n", false, "")
	for i, arg := range c.args {
		if arg == "-nv" {
			c.args[i] = "-q"
		}
	}
	operands, err := c.parse(f, "[-qS] [-O FILE] [-T SECONDS] [--header TEXT] [--post-data TEXT] URL", 1, 1)
	if err != nil {
		return err
	}
	url := operands[0]
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if *seconds > 0 {
		stop := time.AfterFunc(time.Duration(*seconds)*time.Second, func() { cancel(errTimedOut) })
		defer stop.Stop()
	}
	method, content := http.MethodGet, io.Reader(nil)
	switch {
	case f.Changed("post-data"):
		method, content = http.MethodPost, strings.NewReader(*body)
	case *spider:
		method = http.MethodHead
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return fmt.Errorf("bad address %q", operands[0])
	}
	request.Header.Set("User-Agent", *agent)
	if content != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, header := range *headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); strings.EqualFold(name, "Host") {
			request.Host = value
		} else {
			request.Header.Set(strings.TrimSpace(name), value)
		}
	}
	client := &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: *insecure}, //nolint:gosec // asked for
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil && !*quiet {
				fmt.Fprintf(c.err, "Connecting to %s (%s)\n", address, conn.RemoteAddr())
			}
			return conn, err
		},
	}}
	answer, err := client.Do(request)
	if err != nil {
		return wgetFailure(ctx, request, err)
	}
	defer answer.Body.Close()
	if *response {
		fmt.Fprintf(c.err, "  %s %s\n", answer.Proto, answer.Status)
		var text strings.Builder
		if err := answer.Header.Write(&text); err != nil {
			return err
		}
		for line := range strings.Lines(text.String()) {
			fmt.Fprintf(c.err, "  %s\n", strings.TrimRight(line, "\r\n"))
		}
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("server returned error: %s %s", answer.Proto, answer.Status)
	}
	if *spider {
		return nil
	}
	if err := save(c, *output, request, answer.Body, *quiet); err != nil {
		return wgetFailure(ctx, request, err)
	}
	return nil
}

// save writes the page to where it belongs.
func save(c *call, name string, request *http.Request, page io.Reader, quiet bool) error {
	if name == "-" {
		_, err := io.Copy(c.out, page)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if name == "" {
		if name = path.Base(request.URL.Path); name == "/" || name == "." {
			name = "index.html"
		}
		mode = os.O_WRONLY | os.O_CREATE | os.O_EXCL // never over a file that nobody named
	}
	file, err := os.OpenFile(name, mode, 0o666)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, page); err != nil {
		return errors.Join(err, file.Close())
	}
	if !quiet {
		fmt.Fprintf(c.err, "'%s' saved\n", name)
	}
	return file.Close()
}

var errTimedOut = errors.New("download timed out")

// wgetFailure words a failed request.
func wgetFailure(ctx context.Context, request *http.Request, err error) error {
	if errors.Is(context.Cause(ctx), errTimedOut) {
		return errTimedOut
	}
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("bad address '%s'", request.URL.Host)
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("can't connect to remote host (%s): %s", op.Addr, connectFailure(err))
	case errors.Is(err, io.EOF):
		return errors.New("error getting response: the server closed the connection")
	}
	return err
}
