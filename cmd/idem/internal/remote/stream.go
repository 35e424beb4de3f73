package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// silence is after how long without a byte a stream counts as broken. The service sends
	// a comment every fifteen seconds.
	silence = 45 * time.Second

	// maxEvent is the maximum number of bytes of a line of a stream.
	maxEvent = 1 << 20
)

// StreamEvent is a server-sent event.
type StreamEvent struct {
	ID   string // for the next connection; empty if it has none
	Data string
}

// Stream reads server-sent events from a path below the environment, beginning after an id,
// and calls each for every event. It returns when the stream ends: connect again after the
// last id. A refusal of the service is an [*Error].
func (c Client) Stream(ctx context.Context, path, after string, each func(StreamEvent) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	address := strings.TrimRight(c.URL, "/") + "/v1/" + url.PathEscape(c.Environment) + "/" + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Last-Event-ID", after)
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	res, err := c.transport().Do(req)
	if err != nil {
		return unreachable(c.URL, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // the status says enough
		return &Error{res.StatusCode, problem(answer)}
	}
	if err := readEvents(io.TeeReader(res.Body, alive{watchdog}), each); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// alive postpones a watchdog at every byte.
type alive struct{ *time.Timer }

// Write implements [io.Writer].
func (a alive) Write(b []byte) (int, error) {
	a.Reset(silence)
	return len(b), nil
}

// readEvents reads server-sent events, as the HTML standard describes them. An event that
// is cut off at the end is dropped.
func readEvents(r io.Reader, each func(StreamEvent) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	var event StreamEvent
	var data []string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if len(data) > 0 {
				event.Data = strings.Join(data, "\n")
				if err := each(event); err != nil {
					return err
				}
			}
			event, data = StreamEvent{ID: event.ID}, nil
		case field == "id":
			event.ID = value
		case field == "data":
			data = append(data, value)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the stream: %w", err)
	}
	return nil
}
