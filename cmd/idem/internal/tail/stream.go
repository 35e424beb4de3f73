package tail

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/idemhq/idem"
)

// notification is the kind of row that the service streams.
const notification = "notification"

// Stream receives notifications as they happen, from the last one that Next returned, until
// ctx ends or the service refuses for good. After that the channel is closed, and Poll makes
// Next return them again. While the stream is open, Next leaves them out. It must be called
// between two calls of Next. If notifications are not followed, it returns nil.
func (t *Tail) Stream(ctx context.Context) <-chan Row {
	at := slices.Index(t.kinds, notification)
	if at < 0 {
		return nil
	}
	rows := make(chan Row)
	client, err := idem.New(t.client.URL, t.client.Token, idem.WithEnvironment(idem.Environment(t.client.Environment)))
	if err != nil { // Next says why
		close(rows)
		return rows
	}
	t.kinds = slices.Delete(slices.Clone(t.kinds), at, at+1)
	after := t.sequence
	go func() {
		defer close(rows)
		for n, err := range client.Stream(ctx, after) {
			row := streamed(n)
			if err != nil || t.object != "" && row.Object != t.object {
				continue // after an error the iteration ends
			}
			select {
			case rows <- row:
			case <-ctx.Done():
				return
			}
		}
	}()
	return rows
}

// Poll makes Next return notifications again, after the channel of Stream was closed.
func (t *Tail) Poll() {
	if !slices.Contains(t.kinds, notification) {
		t.kinds = append(t.kinds, notification)
	}
}

func streamed(n idem.Notification) Row {
	return Row{
		At: n.CreatedAt, Kind: notification, ID: n.ID, Name: string(n.Type), Object: n.Object.ID, State: cmp.Or(string(n.Verdict), "-"),
		Reason: about(n.Reference, n.Reason),
	}
}

// about joins a reference id and a reason, each of which may be empty.
func about(reference, reason string) string {
	return strings.TrimSuffix(strings.TrimPrefix(reference+": "+reason, ": "), ": ")
}
