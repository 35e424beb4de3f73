package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/domain"
)

const (
	connectTime = 5 * time.Second
	attemptTime = 15 * time.Second // for a whole attempt
	maxExcerpt  = 512              // bytes of an answer
	maxHeader   = 64 << 10         // bytes of an answer's header; the default of net/http is 10 MiB
)

// sender sends messages. It does not follow redirects, which would lead to an address that
// nobody configured.
type sender struct {
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

func newSender(n Network, timeout time.Duration, now func() time.Time) *sender {
	client := &http.Client{Transport: n.transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &sender{client, timeout, now}
}

// send makes one attempt to send a message to an endpoint.
func (s *sender) send(ctx context.Context, e domain.Endpoint, id string, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	began, at := time.Now(), s.now()
	a := answer{Attempt: domain.Attempt{At: at}}
	res, err := s.post(ctx, e, id, at, body)
	if err != nil {
		a.Error = problem(err)
	} else {
		defer res.Body.Close()
		excerpt, _ := io.ReadAll(io.LimitReader(res.Body, maxExcerpt)) // as much as could be read
		a.Status, a.Response = res.StatusCode, domain.Storable(string(excerpt), maxExcerpt)
		a.retryAfter = retryAfter(res.Header.Get("Retry-After"), at)
	}
	a.Millis = time.Since(began).Milliseconds()
	return a
}

func (s *sender) post(ctx context.Context, e domain.Endpoint, id string, at time.Time, body []byte) (*http.Response, error) {
	signatures, err := sign(e.Signing(at), id, at, body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Idem")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signatures)
	// A receiver recognizes a repeated message by its id, so net/http may send it again when
	// the receiver has closed an idle connection. An empty value is not sent.
	req.Header["Idempotency-Key"] = []string{}
	return s.client.Do(req)
}

var errNoSecret = errors.New("the endpoint has no secret that is valid now")

// sign signs a message with every secret. A receiver accepts it if it knows one of them.
func sign(secrets []domain.Secret, id string, at time.Time, body []byte) (string, error) {
	var signatures []string
	for _, secret := range secrets {
		hook, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil {
			return "", errNoSecret // the library's error contains a part of it
		}
		signature, err := hook.Sign(id, at, body)
		if err != nil {
			return "", fmt.Errorf("sign a message: %w", err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return "", errNoSecret
	}
	return strings.Join(signatures, " "), nil
}

// problem says why there is no answer. It leaves out the endpoint's URL, which can contain
// a token.
func problem(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return "the address is not public: allow_private_addresses allows it"
	case errors.As(err, &dns):
		return "the name of the host cannot be resolved"
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return domain.Storable(err.Error(), maxExcerpt)
}
