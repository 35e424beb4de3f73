package pages

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// maxForm limits the size of a form, in bytes. The rows of an importer pipeline are the
// longest value.
const maxForm = 1 << 18

// decision is what the page of an object offers as an operation of the API. The user of the
// dashboard does it, if there is an act for that.
type decision struct {
	Operation, Name string
	Act             acts.Kind
}

// decisionsOf returns what a person can decide on a type of object.
func decisionsOf(typ string) []decision {
	if typ != "inquiry" {
		return nil
	}
	return []decision{
		{"Inquiries.Approve", "Approve", acts.ApproveInquiry}, {"Inquiries.Decline", "Decline", acts.DeclineInquiry},
		{"Inquiries.MarkForReview", "Mark for review", acts.MarkInquiryForReview}, {Operation: "Inquiries.Expire", Name: "Expire"},
	}
}

// actions are what a person can do with an object on its page.
type actions struct {
	Decisions []decision
	Statuses  []string // of a case
	Acts      []acts.Form
	Webhooks  []thing // to which an event can be sent again

	Done    string            // what was done before the page was shown
	Problem string            // why something was not done
	Form    map[string]string // the values that were entered
}

// Any reports whether there is something that a person can do.
func (a actions) Any() bool {
	return len(a.Decisions)+len(a.Statuses)+len(a.Acts)+len(a.Webhooks) > 0
}

// actionsOf returns what a person can do with a resource.
func (i *inspection) actionsOf(r *storage.Resource) actions {
	a := actions{Decisions: decisionsOf(r.Typ)}
	for _, form := range acts.Forms(r.Family()) {
		if !slices.ContainsFunc(a.Decisions, func(d decision) bool { return d.Act == form.Do }) {
			a.Acts = append(a.Acts, form)
		}
	}
	switch r.Typ {
	case "case":
		_, statuses := fixtures.CaseStatuses(engine.NewChange(i.env, i.engine.Now()), r)
		a.Statuses = slices.Sorted(maps.Keys(statuses))
	case "event":
		for hook := range i.env.All("webhook") {
			if hook.Text("status") == "enabled" {
				a.Webhooks = append(a.Webhooks, i.thingOf(hook))
			}
		}
	}
	return a
}

// doneWords returns what was done, for a page that comes after it. An unknown name is "".
func doneWords(name string) string {
	if name == "resend" {
		return "The event is sent again."
	}
	if slices.Contains(acts.Kinds(), acts.Kind(name)) || name == "Cases.SetStatus" || slices.ContainsFunc(decisionsOf("inquiry"), func(d decision) bool { return d.Operation == name }) {
		return "Done: " + webpage.Words(name) + "."
	}
	return ""
}

// change serves a form of an object's page. It redirects to the page, or shows it with the
// problem. The action returns the name of what it did.
func (i *inspector) change(do func(*inspection, *storage.Resource, map[string]string) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form cannot be read", http.StatusBadRequest)
			return
		}
		page := inspectorPage{Environment: r.PathValue("environment"), Tab: "object"}
		form := filledIn(r)
		err := errNoPage
		var done, path string
		i.engine.WithLock(func() {
			env := i.engine.Environment(catalog.Environment(page.Environment))
			if env == nil {
				return
			}
			look := &inspection{i.engine, env}
			found, _ := look.readable(r.PathValue("id"))
			if found == nil {
				return
			}
			if done, err = do(look, found, form); err == nil {
				path = look.path(found.Typ, found.ID)
				return
			}
			var body objectBody
			page.Title, body = look.describe(env.Get(found.ID))
			body.Actions.Problem, body.Actions.Form = problemOf(err), form
			page.Body = body
		})
		switch {
		case page.Body != nil:
			i.show(w, statusOf(err), "object", page)
		case err != nil:
			i.nothing(w, "Nothing here")
		default:
			http.Redirect(w, r, path+"?done="+url.QueryEscape(done), http.StatusSeeOther)
		}
	}
}

// problemOf returns why something was not done.
func problemOf(err error) string {
	var refused *engine.Refusal
	if errors.As(err, &refused) {
		return cmp.Or(refused.Details, refused.Title)
	}
	return err.Error()
}

func statusOf(err error) int {
	var refused *engine.Refusal
	if errors.As(err, &refused) {
		return refused.Status
	}
	return http.StatusBadRequest
}

// decide decides on an inquiry or a case.
func (i *inspection) decide(r *storage.Resource, form map[string]string) (string, error) {
	name, body := form["operation"], map[string]any{}
	at := slices.IndexFunc(decisionsOf(r.Typ), func(d decision) bool { return d.Operation == name })
	switch {
	case r.Typ == "case" && name == "Cases.SetStatus":
		body["meta"] = map[string]any{"status": form["status"]}
	case at < 0:
		return "", errors.New("this cannot be decided here")
	case decisionsOf(r.Typ)[at].Act != "":
		_, err := acts.PerformIn(i.engine, i.env, acts.Act{Do: decisionsOf(r.Typ)[at].Act, ID: r.ID, Text: form["comment"]})
		return name, err
	}
	c := engine.NewChange(i.env, i.engine.Now())
	if _, err := i.engine.Perform(c, name, i.user(), body, r.ID); err != nil {
		return "", err
	}
	i.engine.Commit(c)
	return name, nil
}

// user returns the user of the dashboard, in whose name everything here is done.
func (i *inspection) user() *storage.Resource {
	if user := i.env.Get(fixtures.UserID); user != nil {
		return user
	}
	return &storage.Resource{Typ: "user", ID: fixtures.UserID, Attributes: map[string]any{}} // of a snapshot without one
}

// act carries out an act.
func (i *inspection) act(r *storage.Resource, form map[string]string) (string, error) {
	a, err := acts.FromForm(r.ID, form)
	if err != nil {
		return "", err
	}
	if _, err := acts.PerformIn(i.engine, i.env, a); err != nil {
		return "", err
	}
	return string(a.Do), nil
}

// resend sends an event again, to one webhook or to all that subscribe to it.
func (i *inspection) resend(r *storage.Resource, form map[string]string) (string, error) {
	if r.Typ != "event" {
		return "", fmt.Errorf("a %s cannot be sent again", r.Typ)
	}
	if _, err := i.engine.Resend(i.env, r, form["webhook"]); err != nil {
		return "", err
	}
	return "resend", nil
}

// missing returns why webhooks have no delivery of an event.
func (i *inspection) missing(event *storage.Resource) []reason {
	has := map[string]bool{}
	all, _ := i.env.Outbox().Latest(0, math.MaxInt, func(d *deliveries.Delivery) bool { return d.EventID == event.ID })
	for _, d := range all {
		has[d.WebhookID] = true
	}
	var reasons []reason
	for hook := range i.env.All("webhook") {
		if !has[hook.ID] {
			reasons = append(reasons, reason{i.thingOf(hook), whyNone(hook, event)})
		}
	}
	if i.env.Count("webhook") == 0 {
		reasons = append(reasons, reason{Why: "There is no webhook in this environment. Create one, and enable it."})
	}
	return reasons
}

// reason is why a webhook did not get an event.
type reason struct {
	Webhook thing
	Why     string
}

// whyNone returns why there is no delivery of an event to a webhook.
func whyNone(hook, event *storage.Resource) string {
	name := event.Text("name")
	switch {
	case event.Time("created-at").Before(hook.Time("created-at")):
		return "The event happened before the webhook was created."
	case !deliveries.Lists(hook, name):
		return "The webhook is not subscribed to " + name + ". Add it to its enabled events."
	case hook.Text("status") != "enabled":
		return "The webhook is " + hook.Text("status") + ". Only enabled webhooks get events."
	default:
		return "The webhook was not enabled, or not subscribed to " + name + ", when the event happened; or the delivery is no longer kept. Send the event again."
	}
}
