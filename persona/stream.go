package persona

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Stream is a file that is being downloaded. Close it.
type Stream struct {
	io.ReadCloser
	ContentType string
	Length      int64 // in bytes; -1 if unknown
}

// fetchStream makes a call whose answer is a file.
func fetchStream(ctx context.Context, c *Client, op *Operation, ids []string, opts []Option) (*Stream, error) {
	streaming := func(c *config) { c.stream = true }
	opts = append([]Option{streaming, WithHeader("Accept", "application/pdf, application/json")}, opts...)
	_, res, err := c.do(ctx, op, ids, nil, opts)
	if err != nil {
		return nil, err
	}
	return newStream(res), nil
}

func newStream(res *http.Response) *Stream {
	return &Stream{res.Body, res.Header.Get("Content-Type"), res.ContentLength}
}

// Download downloads a file from a URL in a resource, such as the photo of a document. Such
// URLs contain a token and expire after six hours unless the key is configured otherwise
// (Persona docs: Downloading files): do not store them, read the resource again. The API
// key is sent only if the URL is below the API's own, as in versions before 2023-01-05.
func (c *Client) Download(ctx context.Context, fileURL string, opts ...Option) (*Stream, error) {
	op := Operation{Service: "Client", Method: "Download", HTTPMethod: http.MethodGet}
	file, err := url.Parse(fileURL)
	if err != nil || file.Host == "" {
		return nil, fmt.Errorf("persona: %s: not the URL of a file", op.Name())
	}
	x := &exchange{config: c.config.with(opts), op: &op, url: fileURL}
	if err := x.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", op.Name(), err)
	}
	x.stream = true
	if base, err := url.Parse(x.baseURL); err != nil || base.Scheme != file.Scheme || base.Host != file.Host {
		op.keyless, x.version, x.inflection, x.limiter = true, "", "", NewRateLimiter()
		x.header.Del("Authorization")
	}
	if x.header.Get("Accept") == "" {
		x.header.Set("Accept", "*/*")
	}
	res, err := x.send(ctx)
	if err != nil {
		return nil, err
	}
	return newStream(res), nil
}
