package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/internal/store"
)

// Watch tells when there are new notifications: see package deliver.
type Watch interface {
	Join() (leave func())
	Latest() (version int64, changed <-chan struct{})
}

const (
	// heartbeat is how often a stream sends a comment, so that proxies keep the connection
	// open and a client that left is noticed.
	heartbeat = 15 * time.Second

	writeTime  = 10 * time.Second // after which a client that does not read is disconnected
	reconnect  = 2 * time.Second  // until a client connects again
	maxStreams = 100              // concurrent streams: each reads the database
)

type streamInput struct {
	EnvironmentInput
	LastEventID string `header:"Last-Event-ID" pattern:"^[0-9]{1,18}$" doc:"the id of the last event that the client received: the stream resumes after it"`
	After       string `query:"after" pattern:"^[0-9]{1,18}$" doc:"without Last-Event-ID: begin after this sequence; 0 means the first notification; default: new notifications"`
}

func registerStream(api huma.API, s *server) {
	places := make(chan struct{}, maxStreams)
	huma.Register(api, huma.Operation{
		OperationID: "stream-notifications", Method: http.MethodGet, Path: "/v1/{environment}/stream", Summary: "Follow notifications as server-sent events",
		Description: "The id of an event is the sequence of the notification, its name is the type, and its data is the body of the webhook.",
		Security:    []map[string][]string{{"token": {string(domain.ScopeRead)}}},
		Responses: map[string]*huma.Response{"200": {
			Description: "Notifications, until the client leaves or the service stops.",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, func(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
		env, err := in.environment(s)
		if err != nil {
			return nil, err
		}
		after, err := s.streamStart(ctx, env, in)
		if err != nil {
			return nil, err
		}
		select {
		case places <- struct{}{}:
		default:
			return nil, problem(unavailable, "there are too many streams: list notifications instead")
		}
		return &huma.StreamResponse{Body: func(out huma.Context) {
			defer func() { <-places }()
			s.stream(out, env, after)
		}}, nil
	})
}

// streamStart returns the sequence after which a stream begins.
func (s *server) streamStart(ctx context.Context, env domain.Environment, in *streamInput) (int64, error) {
	switch {
	case in.LastEventID != "":
		after := sequence(in.LastEventID)
		return after, s.reached(ctx, env, after, "header.Last-Event-ID")
	case in.After != "":
		after := sequence(in.After)
		return after, s.reached(ctx, env, after, "query.after")
	}
	return s.newest(ctx, env)
}

// stream sends notifications until the client leaves, its token is no longer valid, or the
// service stops.
func (s *server) stream(out huma.Context, env domain.Environment, after int64) {
	out.SetHeader("Content-Type", "text/event-stream")
	out.SetHeader("Cache-Control", "no-store")
	out.SetHeader("X-Accel-Buffering", "no") // so that nginx does not buffer events
	writer, ok := out.BodyWriter().(http.ResponseWriter)
	if !ok {
		return
	}
	to := eventStream{writer, http.NewResponseController(writer)}
	leave := s.Watch.Join()
	defer leave()
	ctx := out.Context()
	if to.write(fmt.Sprintf("retry: %d\n\n", reconnect.Milliseconds())) != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		_, changed := s.Watch.Latest() // before the database is read
		page, err := s.Store.Notifications(ctx, env, store.Filter{After: after, Oldest: true, Limit: 100})
		if err != nil {
			return // the client connects again and resumes
		}
		if len(page.Rows) > 0 && !stillAllowed(ctx) {
			return
		}
		for _, n := range page.Rows {
			if to.send(n) != nil {
				return
			}
			after = n.Sequence
		}
		if page.Next > 0 {
			continue
		}
		select {
		case <-changed:
		case <-beat.C:
			if !stillAllowed(ctx) || to.write(": alive\n\n") != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-s.Stopping:
			return
		case <-serve.Stopping(ctx):
			return
		}
	}
}

// eventStream writes server-sent events.
type eventStream struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (e eventStream) send(n domain.Notification) error {
	data, err := notify.Body(n)
	if err != nil {
		return err
	}
	return e.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", n.Sequence, n.Type, data))
}

// write sends a text immediately, or fails if the client does not read.
func (e eventStream) write(text string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeTime)) // writers of tests have none
	if _, err := e.Write([]byte(text)); err != nil {
		return err
	}
	return e.control.Flush()
}
