package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// SubjectInput names one subject.
type SubjectInput struct {
	EnvironmentInput
	Reference Reference `path:"reference" doc:"your id of the person or business, escaped"`
}

// Happening is one entry of a timeline.
type Happening struct {
	At       time.Time   `json:"at" doc:"by the service's clock"`
	Kind     string      `json:"kind" enum:"event,transition,decision,action,notification,delivery,audit"`
	ID       string      `json:"id" doc:"of the row; for a transition and an audit entry, its sequence in the audit trail"`
	Object   *domain.Ref `json:"object,omitempty" doc:"what it is about; absent for a delivery"`
	Name     string      `json:"name" doc:"of the event, rule, kind of action, type of notification or endpoint; or what was done"`
	State    string      `json:"state,omitempty" doc:"of an event, action or delivery; the result of a decision; the verdict of a notification"`
	Detail   string      `json:"detail,omitempty" doc:"the reason, explanation or outcome; for a delivery, the id of the notification"`
	Actor    string      `json:"actor,omitempty" doc:"who caused a transition or audit entry"`
	Attempts int         `json:"attempts,omitempty" doc:"of an action or delivery"`
}

func showHappening(h store.Happening) Happening {
	shown := Happening{At: h.At, Kind: h.Kind, ID: h.ID, Name: h.Name, State: h.State, Detail: h.Detail, Actor: h.Actor, Attempts: h.Attempts}
	if !h.Object.IsZero() {
		shown.Object = &h.Object
	}
	return shown
}

// Timeline is a page of everything that happened to a subject.
type Timeline struct {
	Data []Happening `json:"data" doc:"newest first"`
	Next string      `json:"next,omitempty" doc:"give it as before for the next page"`
}

func (s *server) getTimeline(ctx context.Context, in *struct {
	SubjectInput
	Before string `query:"before" maxLength:"400" doc:"the next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"the maximum number of rows"`
}) (*struct{ Body Timeline }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	from, err := placeOf(in.Before)
	if err != nil {
		return nil, err
	}
	objects, err := s.Store.RelatedObjects(ctx, env, string(in.Reference))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	page, err := s.Store.Timeline(ctx, env, string(in.Reference), objects, from, in.Limit)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body Timeline }{Timeline{showAll(page.Rows, showHappening), cursorAt(page.Next)}}, nil
}

// cursorAt encodes a place of a timeline. It is empty after the last page.
func cursorAt(place *store.TimelinePlace) string {
	if place == nil {
		return ""
	}
	text, _ := json.Marshal(place) // cannot fail: it has numbers
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOf returns the place that a cursor names; nil for "".
func placeOf(cursor string) (*store.TimelinePlace, error) {
	if cursor == "" {
		return nil, nil
	}
	var place store.TimelinePlace
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(text, &place) != nil || place == (store.TimelinePlace{}) || cursorAt(&place) != cursor {
		return nil, problem(invalidRequest, "before is not the next of a page", ProblemField{"query.before", "not the next of a page"})
	}
	return &place, nil
}
