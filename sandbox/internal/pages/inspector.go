package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

//go:embed inspector/*.html
var inspectorPages embed.FS

//go:embed inspector/inspector.css
var inspectorStyle string

// inspector shows people what a sandbox holds and what it did: pages below /_sandbox/,
// without scripts.
type inspector struct {
	sandbox *engine.Engine
	pages   *template.Template
	mux     *http.ServeMux
}

// errNoPage is the error of a view of something that there is not.
var errNoPage = errors.New("there is nothing here")

func newInspector(s *engine.Engine, mux *http.ServeMux) *inspector {
	i := &inspector{sandbox: s, mux: mux}
	i.pages = template.Must(template.New("").Funcs(template.FuncMap{
		"words": func(name any) string { return webpage.Words(fmt.Sprint(name)) }, "tone": tone, "toneOfCode": toneOfCode, "moment": func(text string) time.Time { return simclock.Moment(text) }, "query": url.QueryEscape,
	}).ParseFS(inspectorPages, "inspector/*.html"))
	i.mux.HandleFunc("GET /_sandbox/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/_sandbox/sandbox/", http.StatusSeeOther)
	})
	i.mux.HandleFunc("GET /_sandbox/inspector.css", func(w http.ResponseWriter, _ *http.Request) { webpage.WriteStyle(w, inspectorStyle) })
	i.view("/_sandbox/{environment}/{$}", "overview", (*inspection).overview)
	i.view("/_sandbox/{environment}/objects/{family}", "objects", (*inspection).objects)
	i.view("/_sandbox/{environment}/object/{id}", "object", (*inspection).object)
	i.view("/_sandbox/{environment}/events", "events", (*inspection).events)
	i.view("/_sandbox/{environment}/deliveries", "deliveries", (*inspection).deliveries)
	i.view("/_sandbox/{environment}/deliveries/{event}/{webhook}", "delivery", (*inspection).delivery)
	i.view("/_sandbox/{environment}/calls", "calls", (*inspection).calls)
	i.view("/_sandbox/{environment}/calls/{id}", "call", (*inspection).call)
	i.mux.HandleFunc("GET /_sandbox/{environment}/find", i.find)
	i.mux.HandleFunc("GET /_sandbox/control", i.showControl)
	i.mux.HandleFunc("POST /_sandbox/control/clock", i.form(i.advance))
	i.mux.HandleFunc("POST /_sandbox/control/faults", i.form(i.addFault))
	i.mux.HandleFunc("POST /_sandbox/control/faults/remove", i.form(i.removeFault))
	i.mux.HandleFunc("POST /_sandbox/control/reset", i.form(i.reset))
	return i
}

// inspection is one look at an environment. Who looks holds the engine's lock.
type inspection struct {
	sandbox *engine.Engine
	env     *engine.Environment
}

// inspectorPage is what every page shows around its body.
type inspectorPage struct {
	Title       string
	Environment string
	Tab         string
	Now         time.Time
	Faults      int
	Watch       bool // the page loads itself again
	Body        any
}

// view serves a page about an environment.
func (i *inspector) view(path, name string, look func(*inspection, *http.Request) (title string, body any, err error)) {
	i.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		page := inspectorPage{Environment: r.PathValue("environment"), Tab: name, Watch: name == "overview" && r.URL.Query().Has("watch")}
		s := i.sandbox
		s.Mu.Lock()
		err := errNoPage
		if env := s.Environments[page.Environment]; env != nil {
			page.Title, page.Body, err = look(&inspection{s, env}, r)
		}
		s.Mu.Unlock()
		if err != nil {
			page.Environment, page.Title = "sandbox", "Nothing here"
			i.show(w, http.StatusNotFound, "nothing", page)
			return
		}
		i.show(w, http.StatusOK, name, page)
	})
}

// show writes a page.
func (i *inspector) show(w http.ResponseWriter, status int, name string, page inspectorPage) {
	page.Now, page.Faults = i.sandbox.Now(), len(i.sandbox.Faults())
	var b bytes.Buffer
	if err := i.pages.ExecuteTemplate(&b, name, page); err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	webpage.Write(w, status, b.Bytes())
}

// find leads to what has an id, or to the account with a reference id.
func (i *inspector) find(w http.ResponseWriter, r *http.Request) {
	s, id := i.sandbox, strings.TrimSpace(r.URL.Query().Get("id"))
	s.Mu.Lock()
	var to string
	if env := s.Environments[r.PathValue("environment")]; env != nil {
		look := &inspection{s, env}
		if found := env.Get(id); found != nil && !credential(found.Typ) {
			to = look.path(found.Typ, id)
		} else if _, known := look.callOf(id); known {
			to = look.path("api-log", id)
		} else if account := env.ByReference[strings.ToLower(id)]; account != "" {
			to = look.path("account", account)
		}
	}
	s.Mu.Unlock()
	if to == "" {
		i.show(w, http.StatusNotFound, "nothing", inspectorPage{Environment: "sandbox", Title: "Nothing has this id"})
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// path is where the inspector shows something.
func (i *inspection) path(typ, id string) string {
	place := "/object/"
	if typ == "api-log" {
		place = "/calls/"
	}
	return "/_sandbox/" + i.env.Name + place + url.PathEscape(id)
}
