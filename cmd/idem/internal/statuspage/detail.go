package statuspage

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/tail"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// timeline is what happened to a person or an object, oldest first.
type timeline struct {
	Title, Heading string
	Watch          bool
	Subject        *api.Subject // nil for an object
	Objects        []api.Object
	Rows           []tail.Row
}

const (
	// rowsOfKind is how many of the newest rows of each kind an object shows.
	rowsOfKind = 100

	// timelinePages is how many pages of a hundred rows a person shows, the newest.
	timelinePages = 3
)

// showPerson shows one timeline of everything that belongs to a reference id.
func (p *page) showPerson(w http.ResponseWriter, r *http.Request) {
	reference := r.URL.Query().Get("reference")
	t := timeline{Title: "person", Heading: reference, Subject: &api.Subject{}}
	err := p.service.Get(r.Context(), remote.Path("subjects", reference), nil, t.Subject)
	if err == nil {
		err = p.happenings(r.Context(), reference, &t)
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.write(w, r, "timeline.html", t)
}

// happenings reads the timeline of a person, and the objects that it names.
func (p *page) happenings(ctx context.Context, reference string, t *timeline) error {
	query := url.Values{"limit": {"100"}}
	for range timelinePages {
		var list api.Timeline
		if err := p.service.Get(ctx, remote.Path("subjects", reference)+"/timeline", query, &list); err != nil {
			return err
		}
		for _, h := range list.Data {
			row := tail.Row{At: h.At, Kind: h.Kind, ID: h.ID, Name: h.Name, State: cmp.Or(h.State, "-"), Reason: h.Detail}
			if h.Object != nil {
				row.Object = h.Object.ID
				t.include(*h.Object)
			}
			t.Rows = append(t.Rows, row)
		}
		if list.Next == "" {
			break
		}
		query.Set("before", list.Next)
	}
	slices.Reverse(t.Rows)
	return nil
}

// include adds an object that is not there yet.
func (t *timeline) include(object domain.Ref) {
	if !slices.ContainsFunc(t.Objects, func(o api.Object) bool { return o.Object == object }) {
		t.Objects = append(t.Objects, api.Object{Object: object})
	}
}

// showObject shows the timeline of one object.
func (p *page) showObject(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	t := timeline{Title: "object", Heading: id}
	var list remote.Page[api.Object]
	err := p.service.Get(r.Context(), "objects", url.Values{"object": {id}}, &list)
	if err == nil {
		if t.Objects = list.Data; len(t.Objects) == 0 {
			t.Objects = []api.Object{{Object: domain.Ref{ID: id}}} // events may name it
		}
		err = p.rows(r.Context(), &t)
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.write(w, r, "timeline.html", t)
}

// rows reads what happened to the objects of a timeline.
func (p *page) rows(ctx context.Context, t *timeline) error {
	for _, o := range t.Objects {
		rows, err := tail.New(p.service, tail.Kinds(), o.Object.ID).Next(ctx, rowsOfKind)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, rows...)
	}
	slices.SortStableFunc(t.Rows, func(a, b tail.Row) int { return a.At.Compare(b.At) })
	return nil
}

// decided is a decision with the rules that were tried.
type decided struct {
	Title string
	Watch bool
	api.Explanation
}

// showDecision shows why each rule does or does not match.
func (p *page) showDecision(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	d := decided{Title: "decision"}
	err := p.service.Get(r.Context(), remote.Path("decisions", id)+"/explanation", nil, &d.Explanation)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.write(w, r, "decision.html", d)
}

// trialTone returns the tone of what became of a rule.
func trialTone(result policy.TrialResult) string {
	switch result {
	case policy.Matched:
		return "good"
	case policy.CannotEvaluate:
		return "bad"
	case policy.NotMatched:
		return "open"
	}
	return "quiet"
}
