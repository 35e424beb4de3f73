package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/internal/api"
)

// reconnect is how long to wait before connecting to the stream again.
const reconnect = 2 * time.Second

// notification is the kind of row that the service streams.
const notification = "notification"

// Stream receives notifications as they happen, from the last one that Next returned, until
// ctx ends or the service refuses for good. After that the channel is closed, and Next
// returns them. While the stream is open, Next leaves them out. It must be called between
// two calls of Next. If the notifications are not followed, it returns nil.
func (t *Tail) Stream(ctx context.Context) <-chan Row {
	at := slices.Index(t.kinds, notification)
	if at < 0 {
		return nil
	}
	t.kinds = slices.Delete(slices.Clone(t.kinds), at, at+1)
	rows, after := make(chan Row), strconv.FormatInt(t.sequence, 10)
	go func() {
		defer close(rows)
		for ctx.Err() == nil {
			err := t.client.Stream(ctx, "stream", after, func(e remote.StreamEvent) error {
				row, err := t.streamed(e)
				if err != nil {
					return err
				}
				after = e.ID
				if t.object != "" && row.Object != t.object {
					return nil
				}
				select {
				case rows <- row:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			var refusal *remote.Error
			if errors.As(err, &refusal) && refusal.Status < 500 && refusal.Status != 429 {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(reconnect):
			}
		}
	}()
	return rows
}

// Poll makes Next return notifications again, after the channel of Stream was closed.
func (t *Tail) Poll() { t.kinds = append(t.kinds, notification) }

func (t *Tail) streamed(e remote.StreamEvent) (Row, error) {
	var message struct {
		Data api.Notification `json:"data"`
	}
	if err := json.Unmarshal([]byte(e.Data), &message); err != nil {
		return Row{}, fmt.Errorf("read notification %s of the stream: %w", e.ID, err)
	}
	return ofNotification(message.Data), nil
}
