package api

import (
	"context"
	"fmt"
	"strconv"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// PageInput contains the parameters of every list.
type PageInput struct {
	EnvironmentInput
	Before Cursor `query:"before" maxLength:"100" doc:"the next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"the maximum number of rows"`
}

func (in PageInput) filter() store.Filter {
	return store.Filter{Before: in.Before.place(), Limit: in.Limit}
}

// sequence parses a validated sequence; "" is 0.
func sequence(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// ObjectPageInput contains the parameters of lists about objects.
type ObjectPageInput struct {
	PageInput
	Object ID `query:"object" doc:"the id of one object"`
}

func (in ObjectPageInput) filter() store.Filter {
	f := in.PageInput.filter()
	f.Object.ID = string(in.Object)
	return f
}

type eventsInput struct {
	ObjectPageInput
	State string `query:"state" enum:"waiting,applied,stale,unhandled,poison" doc:"only those in this state"`
}

func (in eventsInput) filter() store.Filter {
	f := in.ObjectPageInput.filter()
	f.State = in.State
	return f
}

type ActionsInput struct {
	ObjectPageInput
	State string `query:"state" enum:"waiting,done,already_done,dropped,dead,discarded,skipped" doc:"only those in this state"`
}

func (in ActionsInput) filter() store.Filter {
	f := in.ObjectPageInput.filter()
	f.State = in.State
	return f
}

type notificationsInput struct {
	ObjectPageInput
	After string `query:"after" pattern:"^[0-9]{1,18}$" doc:"a sequence: lists what came after it, oldest first; 0 begins with the first"`
}

type listOutput[T any] struct{ Body List[T] }

// List is a page of rows.
type List[T any] struct {
	Data []T    `json:"data" doc:"newest first; oldest first where after is given"`
	Next string `json:"next,omitempty" doc:"give it as before, or as after where that was given, for the next page"`
}

// listRequest is a request for a page.
type listRequest interface {
	environment(*server) (domain.Environment, error)
	filter() store.Filter
}

// listOf returns the handler of a list.
func listOf[I listRequest, R, T any](s *server, list func(context.Context, domain.Environment, store.Filter) (store.Page[R], error), show func(R) T) func(context.Context, *I) (*listOutput[T], error) {
	return func(ctx context.Context, in *I) (*listOutput[T], error) {
		env, err := (*in).environment(s)
		if err != nil {
			return nil, err
		}
		page, err := list(ctx, env, (*in).filter())
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		out := &listOutput[T]{}
		out.Body.Data = showAll(page.Rows, show)
		out.Body.Next = cursorTo(ctx, page.Next)
		return out, nil
	}
}

func showAll[R, T any](rows []R, show func(R) T) []T {
	shown := make([]T, len(rows))
	for i, row := range rows {
		shown[i] = show(row)
	}
	return shown
}

// listNotifications lists back from the newest notification, or forward from a sequence.
// Forward lists always have a next cursor, so that clients can poll with it.
func (s *server) listNotifications(ctx context.Context, in *notificationsInput) (*listOutput[Notification], error) {
	switch {
	case in.After == "":
		return listOf[ObjectPageInput](s, s.Store.Notifications, notify.Show)(ctx, &in.ObjectPageInput)
	case in.Before != "":
		return nil, problem(invalidRequest, "give after or before, not both")
	}
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	f := in.filter()
	f.After, f.Oldest = sequence(in.After), true
	page, err := s.Store.Notifications(ctx, env, f)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	out := &listOutput[Notification]{}
	out.Body.Data, out.Body.Next = showAll(page.Rows, notify.Show), strconv.FormatInt(f.After, 10)
	if n := len(page.Rows); n > 0 {
		out.Body.Next = strconv.FormatInt(page.Rows[n-1].Sequence, 10)
		return out, nil
	}
	return out, s.reached(ctx, env, f.After, "query.after")
}

// reached returns an error if there is no notification yet with a sequence that a client has
// seen. A database that was restored from a backup gives the next notifications sequences
// that the client would skip without noticing.
func (s *server) reached(ctx context.Context, env domain.Environment, seen int64, where string) error {
	newest, err := s.newest(ctx, env)
	if err != nil || seen <= newest {
		return err
	}
	return problem(invalidRequest, "the client has seen more notifications than there are: if the database was restored from a backup, read the subjects again, and go on after the last notification",
		ProblemField{where, fmt.Sprintf("the last notification is %d", newest)})
}

// newest returns the sequence of the last notification, or 0 if there is none.
func (s *server) newest(ctx context.Context, env domain.Environment) (int64, error) {
	page, err := s.Store.Notifications(ctx, env, store.Filter{Limit: 1})
	if err != nil {
		return 0, s.failed(ctx, err)
	}
	if len(page.Rows) == 0 {
		return 0, nil
	}
	return page.Rows[0].Sequence, nil
}
