package idem

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// FromNow makes [Client.Stream] begin with the next notification.
const FromNow int64 = -1

const maxLine = 1 << 20 // bytes of a line of a stream, and of an event

// Stream follows the notifications of the environment in the order of their sequences. It
// begins after a sequence: that of the last notification that you have handled, 0 for the
// first notification of all, or [FromNow].
//
// A lost connection is made again, and the stream goes on where it was, so it skips nothing
// and repeats nothing. Store the sequence of a notification after you have handled it: the
// stream does not know whether you did.
//
// The iteration ends when the context ends, with its error, and with the error of the service
// if connecting again cannot help, for example because the token is wrong.
func (c *Client) Stream(ctx context.Context, after int64) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		if err := c.stream(ctx, after, func(n Notification) bool { return yield(n, nil) }); err != nil {
			yield(Notification{}, err)
		}
	}
}

// stream connects until yield returns false, or until there is no point in it.
func (c *Client) stream(ctx context.Context, after int64, yield func(Notification) bool) error {
	if after < 0 { // a connection that is lost before the first event must not skip anything
		var err error
		if after, err = c.newest(ctx); err != nil {
			return err
		}
	}
	s := streamer{Client: c, after: after, yield: yield}
	for tries := 0; ; tries++ {
		got := s.after
		err := s.connect(ctx)
		var answered *Error
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("idem: %s: %w", opStream, ctx.Err())
		case err == nil:
			return nil // the caller wants no more
		case errors.As(err, &answered) && !answered.temporary(), errors.Is(err, errNoStream):
			return err
		}
		if s.after > got {
			tries = 0
		}
		wait := c.backoff(tries)
		if answered != nil {
			wait = max(wait, min(answered.RetryAfter, longestRequest))
		}
		c.logger.InfoContext(ctx, "stream of Idem ended; connecting again", "error", err, "after", s.after, "wait", wait)
		if sleep(ctx, wait) != nil {
			return fmt.Errorf("idem: %s: %w", opStream, ctx.Err())
		}
	}
}

const opStream = "follow notifications"

// newest returns the sequence of the newest notification, or 0 if there is none.
func (c *Client) newest(ctx context.Context) (int64, error) {
	var page struct{ Data []Notification }
	if err := c.call(ctx, opStream, "notifications", url.Values{"limit": {"1"}}, nil, &page); err != nil || len(page.Data) == 0 {
		return 0, err
	}
	return page.Data[0].Sequence, nil
}

var (
	errNoStream = errors.New("idem: " + opStream + ": the answer is not a stream of notifications: is the base URL that of an Idem service?")
	errSilent   = errors.New("the service was silent for too long")
)

// streamer is a stream over one connection after another.
type streamer struct {
	*Client
	after int64 // the last sequence that was yielded
	yield func(Notification) bool
}

// connect follows one connection. It returns nil if yield returned false.
func (s *streamer) connect(ctx context.Context) error {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	req, err := s.request(ctx, opStream, s.url("stream", url.Values{"after": {strconv.FormatInt(s.after, 10)}}), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	if s.after > 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatInt(s.after, 10))
	}
	silence := time.AfterFunc(s.silence, func() { cut(errSilent) })
	defer silence.Stop()
	endless := *s.http
	endless.Timeout = 0
	res, err := endless.Do(req)
	if err != nil {
		return broken(opStream, causeOf(ctx, err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // the status says enough
		return errorOf(opStream, res, answer)
	}
	if kind, _, _ := bytes.Cut([]byte(res.Header.Get("Content-Type")), []byte(";")); string(kind) != "text/event-stream" {
		return errNoStream
	}
	return s.read(ctx, res.Body, func() { silence.Reset(s.silence) })
}

// causeOf returns why a context was cut, or the error.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// read yields the events of a connection. It calls alive for every line.
func (s *streamer) read(ctx context.Context, body io.Reader, alive func()) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 4<<10), maxLine)
	var data []byte
	for lines.Scan() {
		alive()
		line := lines.Bytes()
		if len(line) > 0 {
			if text, ok := bytes.CutPrefix(line, []byte("data:")); ok {
				data = append(append(data, bytes.TrimPrefix(text, []byte(" "))...), '\n')
			}
			if len(data) > maxLine {
				return errNoStream
			}
			continue // the data says what the other fields say
		}
		if len(data) == 0 {
			continue
		}
		var m message
		if json.Unmarshal(data, &m) != nil || m.Data == nil || m.Data.Sequence == 0 {
			return errNoStream
		}
		data = data[:0]
		if m.Data.Sequence <= s.after {
			continue
		}
		if !s.yield(*m.Data) {
			return nil
		}
		s.after = m.Data.Sequence
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errNoStream
	}
	err := lines.Err()
	if err == nil {
		err = io.EOF
	}
	return broken(opStream, causeOf(ctx, err))
}
