package intake

import (
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/idemhq/idem/persona/webhook"
)

// firstBuffer is how much memory is taken for a body before any of it has come: who
// announces a long one and sends nothing must not hold as much. Most webhooks are
// shorter.
const firstBuffer = 8 << 10

var (
	errTooLarge  = errors.New("the body is larger than 1 MiB")
	errThrottled = errors.New("the body is large, and this address has sent many unsigned requests")
)

// read reads a body to its end. length is what was announced, below zero for nothing.
// grow is told of the memory that is taken, in bytes, before it is. That is why intake
// does not use webhook.Receive: Receive takes the memory of a whole body at once, and
// cannot be told to let go of a slow one.
func read(from io.Reader, length int64, grow func(bytes int)) ([]byte, error) {
	size := firstBuffer
	if length >= 0 {
		size = int(min(length+1, firstBuffer)) // one more, to see the end
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
		if whole := length + 1; whole > int64(cap(body)) {
			size = int(min(int64(size), whole))
		}
		grow(size - cap(body))
		body = append(make([]byte, 0, size), body...)
	}
}

// unread is the outcome of a request whose body could not be read, and why.
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
