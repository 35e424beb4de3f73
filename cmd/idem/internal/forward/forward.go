// Package forward sends webhooks as Persona does: signed, with Persona's headers. It
// accepts the same answers as Persona.
package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

const (
	// Timeout is how long Persona waits for an answer (Persona docs: Webhooks).
	Timeout = 5 * time.Second

	// MaxAttempts is how often Persona tries (Persona docs: Webhooks).
	MaxAttempts = 8

	// excerpt is how much of an answer is kept.
	excerpt = 4 << 10
)

// Sender sends webhooks.
type Sender struct {
	Secrets []string    // to sign with, newest first
	Header  http.Header // added to each request; nil for none
	Timeout time.Duration
	At      time.Time // the time to sign as of; zero for now
}

// Attempt is the number of an attempt and the time of the first one.
type Attempt struct {
	Number int       // from 1
	First  time.Time // when the first attempt was made
}

// Answer is what a receiver answered.
type Answer struct {
	Status int
	Body   []byte // the first four kibibytes
	Took   time.Duration
}

// Accepted reports whether Persona would count the answer as a success.
func (a Answer) Accepted() bool {
	switch a.Status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return true
	}
	return false
}

// Send makes one attempt. An error means that there was no answer; any status is an answer.
func (s Sender) Send(ctx context.Context, target string, body []byte, attempt Attempt) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make a request: %w", err)
	}
	s.setHeaders(req.Header, body, attempt)
	started := time.Now()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return Answer{}, cause(err, s.Timeout)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, excerpt))
	if err != nil {
		return Answer{}, cause(err, s.Timeout)
	}
	return Answer{res.StatusCode, answer, time.Since(started)}, nil
}

func (s Sender) setHeaders(h http.Header, body []byte, attempt Attempt) {
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("User-Agent", "idem")
	h.Set("Persona-Webhook-Attempts-Made", strconv.Itoa(attempt.Number))
	h.Set("Persona-Webhook-Attempts-Left", strconv.Itoa(max(0, MaxAttempts-attempt.Number)))
	h.Set("Persona-Webhook-First-Attempted-At", strconv.FormatInt(attempt.First.Unix(), 10))
	for name, values := range s.Header {
		h[name] = values
	}
	if len(s.Secrets) > 0 {
		h.Set(webhook.SignatureHeader, webhook.Sign(body, at, s.Secrets...))
	}
}

// cause removes the method and the address from an error, since the caller knows them.
func cause(err error, timeout time.Duration) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", timeout)
	}
	return err
}
