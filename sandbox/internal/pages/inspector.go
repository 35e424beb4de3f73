package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

//go:embed inspector/*.html
var inspectorPages embed.FS

//go:embed inspector/inspector.css
var inspectorStyle string

// inspector shows people what a sandbox contains and what it did, and lets them change it. Its pages use no scripts. Whatever
// changes something is a POST, which [guard] refuses to pages of other sites.
type inspector struct {
	engine *engine.Engine
	pages  func() *template.Template // parsed on first use
	mux    guardedMux
}

// errNoPage is the error for something that does not exist.
var errNoPage = errors.New("there is nothing here")

func registerInspector(mux guardedMux, e *engine.Engine) {
	i := &inspector{engine: e, pages: sync.OnceValue(parseInspector), mux: mux}
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
	i.mux.HandleFunc("POST /_sandbox/{environment}/object/{id}/decide", i.change((*inspection).decide))
	i.mux.HandleFunc("POST /_sandbox/{environment}/object/{id}/act", i.change((*inspection).act))
	i.mux.HandleFunc("POST /_sandbox/{environment}/object/{id}/resend", i.change((*inspection).resend))
	i.mux.HandleFunc("GET /_sandbox/{environment}/find", i.find)
	i.mux.HandleFunc("GET /_sandbox/control", i.showControl)
	i.mux.HandleFunc("POST /_sandbox/control/clock", i.form(i.advance))
	i.mux.HandleFunc("POST /_sandbox/control/faults", i.form(i.addFault))
	i.mux.HandleFunc("POST /_sandbox/control/faults/remove", i.form(i.removeFault))
	i.mux.HandleFunc("POST /_sandbox/control/reset", i.form(i.reset))
}

func parseInspector() *template.Template {
	functions := template.FuncMap{
		"words":      func(name any) string { return webpage.Words(fmt.Sprint(name)) },
		"tone":       func(status any) string { return webpage.Tone(fmt.Sprint(status)) },
		"toneOfCode": toneOfCode,
		"moment":     func(text string) time.Time { return simclock.Moment(text) },
		"query":      url.QueryEscape,
	}
	return template.Must(template.New("").Funcs(functions).ParseFS(inspectorPages, "inspector/*.html"))
}

// inspection looks at one environment. Its methods need the engine's lock.
type inspection struct {
	engine *engine.Engine
	env    *engine.Environment
}

// inspectorPage is what every page shows around its body.
type inspectorPage struct {
	Title       string
	Environment string
	Tab         string
	Now         time.Time
	Faults      int
	Watch       bool // the page reloads itself
	Body        any
}

// view serves a page about an environment.
func (i *inspector) view(path, name string, look func(*inspection, *http.Request) (title string, body any, err error)) {
	i.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		page := inspectorPage{Environment: r.PathValue("environment"), Tab: name, Watch: name == "overview" && r.URL.Query().Has("watch")}
		err := errNoPage
		i.engine.WithLock(func() {
			if env := i.engine.Environment(catalog.Environment(page.Environment)); env != nil {
				page.Title, page.Body, err = look(&inspection{i.engine, env}, r)
			}
		})
		if err != nil {
			i.nothing(w, "Nothing here")
			return
		}
		i.show(w, http.StatusOK, name, page)
	})
}

// show writes a page.
func (i *inspector) show(w http.ResponseWriter, status int, name string, page inspectorPage) {
	page.Now, page.Faults = i.engine.Now(), len(i.engine.Faults())
	var b bytes.Buffer
	if err := i.pages().ExecuteTemplate(&b, name, page); err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	if page.Watch {
		w.Header().Set("Refresh", "2")
	}
	webpage.Write(w, status, b.Bytes())
}

// nothing answers that something does not exist.
func (i *inspector) nothing(w http.ResponseWriter, title string) {
	i.show(w, http.StatusNotFound, "nothing", inspectorPage{Environment: "sandbox", Title: title})
}

// path returns the path of the page of a resource.
func (i *inspection) path(typ, id string) string {
	page := "/object/"
	if typ == "api-log" {
		page = "/calls/"
	}
	return "/_sandbox/" + i.env.Name + page + url.PathEscape(id)
}
