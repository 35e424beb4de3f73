package pages

import (
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// searched is how many of the latest objects of a kind a search looks at.
const searched = 20_000

type foundBody struct {
	Text    string
	Objects []thing
	More    bool
}

// find redirects to what an id or a reference id names, or shows what has a reference id or a
// tag. It looks in the other environment too if there is nothing in this one.
func (i *inspector) find(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimSpace(r.URL.Query().Get("id"))
	page := inspectorPage{Environment: r.PathValue("environment"), Tab: "found", Title: "Found"}
	var to string
	i.engine.WithLock(func() {
		for _, env := range environmentsFrom(i.engine, page.Environment) {
			look := &inspection{i.engine, env}
			if to = look.find(text); to != "" {
				return
			}
			if body := look.search(text); len(body.Objects) > 0 {
				page.Environment, page.Body = env.Name, body
				return
			}
		}
	})
	switch {
	case to != "":
		http.Redirect(w, r, to, http.StatusSeeOther)
	case page.Body != nil:
		i.show(w, http.StatusOK, "found", page)
	default:
		i.nothing(w, "Nothing has this id, reference id or tag")
	}
}

// environmentsFrom returns all environments, the named one first. There are none if there is no
// such environment.
func environmentsFrom(e *engine.Engine, name string) []*engine.Environment {
	first := e.Environment(catalog.Environment(name))
	if first == nil {
		return nil
	}
	all := []*engine.Environment{first}
	for env := range e.Environments() {
		if env != first {
			all = append(all, env)
		}
	}
	return all
}

// find returns the page of what has an id, of the account with a reference id, or of the calls
// with an idempotency key, or "".
func (i *inspection) find(text string) string {
	if found, err := i.readable(text); err == nil {
		return i.path(found.Typ, text)
	}
	if _, known := i.callOf(text); known {
		return i.path("api-log", text)
	}
	if account := resources.ReferencedAccount(i.env, text); account != "" {
		return i.path("account", account)
	}
	if rows, _ := i.callRows(0, 1, func(c engine.CallRecord) bool { return text != "" && c.IdempotencyKey == text }); len(rows) > 0 {
		return "/_sandbox/" + i.env.Name + "/calls?key=" + url.QueryEscape(text)
	}
	return ""
}

// search returns the latest objects that have a text as their reference id, or as a tag. Case
// does not matter.
func (i *inspection) search(text string) foundBody {
	body := foundBody{Text: text}
	if text == "" {
		return body
	}
	for _, family := range []string{"account", "inquiry", "transaction", "case", "verification"} {
		for r := range atMost(searched, i.env.Newest(family)) {
			if !strings.EqualFold(r.Text("reference-id"), text) && !hasTag(r, text) {
				continue
			}
			if len(body.Objects) == pageSize {
				body.More = true
				return body
			}
			body.Objects = append(body.Objects, i.thingOf(r))
		}
	}
	return body
}

func hasTag(r *storage.Resource, text string) bool {
	tags, _ := r.Attributes["tags"].([]any)
	return slices.ContainsFunc(tags, func(tag any) bool { return strings.EqualFold(engine.TextOf(tag), text) })
}

// atMost returns the first resources of a sequence.
func atMost(limit int, all iter.Seq[*storage.Resource]) iter.Seq[*storage.Resource] {
	return func(yield func(*storage.Resource) bool) {
		left := limit
		for r := range all {
			if left--; left < 0 || !yield(r) {
				return
			}
		}
	}
}
