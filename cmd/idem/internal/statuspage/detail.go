package statuspage

import (
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
	// rowsOfKind is how many of the newest rows of each kind and object are shown.
	rowsOfKind = 100

	// objectsOfPerson is how many objects of a person are shown.
	objectsOfPerson = 20

	// objectPages is how many pages of the newest objects are searched for a person's.
	objectPages = 5
)

// showPerson shows one timeline of all objects that have a reference id.
func (p *page) showPerson(w http.ResponseWriter, r *http.Request) {
	reference := r.URL.Query().Get("reference")
	t := timeline{Title: "person", Heading: reference, Subject: &api.Subject{}}
	err := p.service.Get(r.Context(), remote.Path("subjects", reference), nil, t.Subject)
	if err == nil {
		t.Objects, err = p.objectsOf(r.Context(), reference)
	}
	if err == nil {
		t.include(t.Subject.Object, t.Subject.Status)
		err = p.rows(r.Context(), &t)
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.write(w, r, "timeline.html", t)
}

// include adds the object that a verdict is based on, such as a case, which has no
// reference id.
func (t *timeline) include(object domain.Ref, status string) {
	if object.ID != "" && !slices.ContainsFunc(t.Objects, func(o api.Object) bool { return o.Object == object }) {
		t.Objects = append(t.Objects, api.Object{Object: object, Status: status})
	}
}

// objectsOf returns the newest objects of a person.
func (p *page) objectsOf(ctx context.Context, reference string) (found []api.Object, err error) {
	query := url.Values{"limit": {"100"}}
	for range objectPages {
		var list remote.Page[api.Object]
		if err := p.service.Get(ctx, "objects", query, &list); err != nil {
			return nil, err
		}
		for _, o := range list.Data {
			if o.Reference == reference && len(found) < objectsOfPerson {
				found = append(found, o)
			}
		}
		if list.Next == "" {
			break
		}
		query.Set("before", list.Next)
	}
	return found, nil
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
