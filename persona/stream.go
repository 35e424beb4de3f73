package persona

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Stream is a file on its way. Close it.
type Stream struct {
	io.ReadCloser
	ContentType string
	Length      int64 // in bytes, -1 where it is not known
}

// fetchStream makes a call that answers with a file.
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

// Download fetches a file from a URL that a resource holds, such as the photo of a
// document. Such URLs carry a token of their own and last six hours unless the key
// says otherwise (Persona docs: Downloading files): do not store them, read the
// resource again. The API key is sent only where the file is below the API's own
// address, as it was before version 2023-01-05.
func (c *Client) Download(ctx context.Context, fileURL string) (*Stream, error) {
	u, err := url.Parse(fileURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("persona: download: not the URL of a file")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fileURL, nil)
	if err != nil {
		return nil, fmt.Errorf("persona: download: %w", withoutURL(err))
	}
	if base, err := url.Parse(c.config.baseURL); err == nil && base.Scheme == u.Scheme && base.Host == u.Host {
		req.Header.Set("Authorization", "Bearer "+c.config.apiKey)
	}
	res, err := c.config.httpClient.Do(req)
	if err != nil {
		return nil, &TransportError{Operation: "download", Err: withoutURL(err)}
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, newError("download", res.StatusCode, res.Header, nil)
	}
	return newStream(res), nil
}
