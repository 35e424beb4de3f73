package intake

import (
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/idemhq/idem/persona/webhook"
)

// firstBuffer is the memory reserved for a body before any of it has arrived, so that a
// request which announces a long body and sends nothing holds little. Most webhooks are
// shorter.
const firstBuffer = 8 << 10

var (
	errTooLarge  = errors.New("the body is larger than 1 MiB")
	errThrottled = errors.New("the body is large, and this address has sent many unsigned requests")
)

// read reads a body to its end. length is the announced length, or negative if there is
// none. grow is called with the number of bytes before each allocation. webhook.Receive
// cannot be used here, because it allocates the whole body at once and cannot be
// interrupted.
func read(from io.Reader, length int64, grow func(bytes int)) ([]byte, error) {
	size := firstBuffer
	if length >= 0 {
		size = int(min(length+1, firstBuffer)) // one more byte to detect the end
	}
	grow(size)
	body := make([]byte, 0, size)
	for {
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		size = min(4*cap(body), webhook.MaxBody+1)
		if needed := length + 1; needed > int64(cap(body)) {
			size = int(min(int64(size), needed))
		}
		grow(size - cap(body))
		body = append(make([]byte, 0, size), body...)
	}
}

// unread returns the outcome and the reason for a request whose body could not be read.
func unread(err error, evicted bool) (outcome, error) {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong) && tooLong.Limit < webhook.MaxBody:
		return outcome{http.StatusTooManyRequests, "throttled"}, errThrottled
	case tooLong != nil:
		return outcome{http.StatusRequestEntityTooLarge, "too_large"}, errTooLarge
	case evicted:
		return outcome{http.StatusServiceUnavailable, "evicted"}, errors.New("the body arrived too slowly while other requests needed the memory")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return outcome{http.StatusRequestTimeout, "slow"}, errors.New("the body arrived too slowly")
	default:
		return outcome{http.StatusBadRequest, "truncated"}, errors.New("the body was cut off")
	}
}
