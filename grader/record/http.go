package record

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// client speaks HTTP with the API server. A redirect is an answer.
func (r *Recorder) client() (*http.Client, error) {
	c, err := rest.HTTPClientFor(r.REST)
	if err != nil {
		return nil, err
	}
	own := *c // it is shared with whoever else has this configuration
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own, nil
}

// request makes a check's request through the API server's proxy, so that
// nothing but the API server has to be reached from here.
func (r *Recorder) request(ctx context.Context, c *lab.Check) (timeline.Entry, bool) {
	r.busy.Add(1)
	defer r.busy.Add(-1)
	res := r.ask(ctx, c)
	return timeline.Entry{Kind: timeline.HTTP, HTTP: &res}, ctx.Err() == nil
}

func (r *Recorder) ask(ctx context.Context, c *lab.Check) timeline.HTTPResult {
	res := timeline.HTTPResult{Check: c.ID}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, c.HTTP.Method, r.proxied(c.HTTP), strings.NewReader(c.HTTP.Body))
	if err != nil {
		res.Error = err.Error()
		return res
	}
	answer, err := r.http.Do(req)
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		res.Unanswered = "no answer within " + probeTimeout.String()
		return res
	case err != nil:
		res.Error = "the API server could not be asked: " + cause(err)
		return res
	}
	defer answer.Body.Close()
	var body bounded
	if _, err := io.Copy(&body, io.LimitReader(answer.Body, timeline.MaxOutput+1)); err != nil {
		res.Unanswered = "the answer broke off: " + cause(err)
		return res
	}
	if refused, ours := refusal(answer, body.buf.Bytes()); refused != "" {
		if ours {
			res.Error = refused
		} else {
			res.Unanswered = refused
		}
		return res
	}
	res.Status, res.Body = answer.StatusCode, body.String()
	res.Headers = map[string]string{}
	for name := range answer.Header {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Date", "Audit-Id", "X-Kubernetes-Pf-Flowschema-Uid", "X-Kubernetes-Pf-Prioritylevel-Uid", "Warning":
			// The API server's, or another one each second.
		default:
			res.Headers[strings.ToLower(name)] = bound(answer.Header.Get(name))
		}
	}
	return res
}

// maxHeader is how much of a header is kept, in bytes.
const maxHeader = 1 << 10

func bound(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxHeader)], "\uFFFD") }

// proxied is the URL at the API server behind which the service or Pod answers.
func (r *Recorder) proxied(h *lab.HTTP) string {
	base, _, err := rest.DefaultServerUrlFor(r.REST)
	if err != nil {
		return "" // the clients could not have been made either
	}
	kind, name := "services", h.Service
	if h.Pod != "" {
		kind, name = "pods", h.Pod
	}
	path, query, _ := strings.Cut(h.Path, "?")
	u := base.JoinPath("api/v1/namespaces", r.Namespace, kind, name+":"+strconv.Itoa(h.Port), "proxy")
	u.Path += path
	u.RawQuery = query
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawQuery: u.RawQuery}).String()
}

// refusal tells what the API server says itself, and not whom it asked, or "".
// It is ours when it is not about what the learner made.
func refusal(answer *http.Response, body []byte) (message string, ours bool) {
	var status metav1.Status
	if answer.StatusCode < 400 || json.Unmarshal(body, &status) != nil || status.Kind != "Status" || status.APIVersion != "v1" || status.Status != metav1.StatusFailure {
		return "", false
	}
	switch status.Reason {
	case metav1.StatusReasonNotFound, metav1.StatusReasonServiceUnavailable, metav1.StatusReasonBadRequest:
		return status.Message, false
	case metav1.StatusReasonInternalError, metav1.StatusReasonForbidden, metav1.StatusReasonUnauthorized, metav1.StatusReasonTooManyRequests, metav1.StatusReasonTimeout, metav1.StatusReasonServerTimeout:
		return "the API server could not pass the request on: " + status.Message, true
	}
	return "", false // something that answers like an API server
}
