package statuspage

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/webpage"
)

//go:embed *.html
var markup embed.FS

//go:embed page.css
var style string

// Applicants makes up people who go through their verification.
type Applicants interface {
	// Apply makes an applicant with a reference id of the host, whose verification
	// ends in an outcome.
	Apply(ctx context.Context, reference string, outcome Outcome) error
}

// Outcome is how an applicant's verification ends.
type Outcome string

const (
	Pass   Outcome = "pass"
	Fail   Outcome = "fail"
	Review Outcome = "review"
)

// maxReference is how long a reference id may be, in bytes.
const maxReference = 100

type page struct {
	service    remote.Client
	applicants Applicants
	addresses  []Address
	logger     *slog.Logger
	template   *template.Template
}

// Address is an address that the page names.
type Address struct {
	Name, URL string
	Page      bool // people can read it
}

// New returns the page at /, and its details, style sheet and form below /status/. The page shows
// what the API of the service answers. A form that a page of another site sends is refused.
func New(service remote.Client, applicants Applicants, addresses []Address, logger *slog.Logger) http.Handler {
	parsed := template.Must(template.New("").Funcs(template.FuncMap{"words": words, "tone": tone, "trial": trialTone}).ParseFS(markup, "*.html"))
	p := &page{service, applicants, addresses, logger, parsed}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /status/person", p.showPerson)
	mux.HandleFunc("GET /status/object", p.showObject)
	mux.HandleFunc("GET /status/decision", p.showDecision)
	mux.HandleFunc("GET /status/page.css", p.serveStyle)
	mux.HandleFunc("POST /status/applicants", p.apply)
	return http.NewCrossOriginProtection().Handler(mux)
}

// view is what the template is filled with.
type view struct {
	Title     string
	Watch     bool
	Addresses []Address
	Health    health
	Endpoints []endpoint
	Backlog   api.Backlog
	Concerns  []concern
	People    []api.Subject
	Decisions []api.Decision
	Actions   []api.Action
	Objects   []api.Object
	Events    []api.Event
}

// shown is how many rows of each kind the page has.
const shown = 25

func (p *page) read(ctx context.Context) (view, error) {
	v := view{Title: "status", Addresses: p.addresses}
	err := errors.Join(
		p.people(ctx, &v),
		list(ctx, p.service, "decisions", "", &v.Decisions),
		list(ctx, p.service, "actions", "", &v.Actions),
		list(ctx, p.service, "objects", "", &v.Objects),
		list(ctx, p.service, "events", "", &v.Events),
		p.stuck(ctx, &v),
		p.endpoints(ctx, &v),
	)
	v.Health = healthOf(v, time.Now())
	return v, err
}

// list reads the newest rows of a kind, of one state if state is not "".
func list[T any](ctx context.Context, service remote.Client, kind, state string, into *[]T) error {
	query := url.Values{"limit": {strconv.Itoa(shown)}}
	if state != "" {
		query.Set("state", state)
	}
	var page remote.Page[T]
	err := service.Get(ctx, kind, query, &page)
	*into = page.Data
	return err
}

// people reads the subjects of the newest notifications.
func (p *page) people(ctx context.Context, v *view) error {
	var told remote.Page[api.Notification]
	if err := p.service.Get(ctx, "notifications", url.Values{"limit": {"100"}}, &told); err != nil {
		return err
	}
	known := map[string]bool{"": true}
	for _, n := range told.Data {
		if known[n.Reference] || len(v.People) == shown {
			continue
		}
		known[n.Reference] = true
		var subject api.Subject
		if err := p.service.Get(ctx, remote.Path("subjects", n.Reference), nil, &subject); err != nil {
			return err
		}
		v.People = append(v.People, subject)
	}
	return nil
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	v, err := p.read(r.Context())
	if err != nil {
		p.failed(w, r, err)
		return
	}
	if v.Watch = r.URL.Query().Has("watch"); v.Watch {
		w.Header().Set("Refresh", "2") // in seconds
	}
	p.write(w, r, "page.html", v)
}

// failed answers that the service cannot be read, or that it knows nothing of what was asked
// for.
func (p *page) failed(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *remote.Error
	if errors.As(err, &refusal) && refusal.Status < 500 && refusal.Status != http.StatusUnauthorized && refusal.Status != http.StatusForbidden {
		http.Error(w, "the service does not know it", http.StatusNotFound)
		return
	}
	p.logger.ErrorContext(r.Context(), "status page: read the service", "error", err)
	http.Error(w, "cannot read the service; see the log", http.StatusServiceUnavailable)
}

// write answers with a template.
func (p *page) write(w http.ResponseWriter, r *http.Request, name string, data any) {
	var b bytes.Buffer
	if err := p.template.ExecuteTemplate(&b, name, data); err != nil {
		p.logger.ErrorContext(r.Context(), "status page: render", "error", err)
		http.Error(w, "cannot render the page; see the log", http.StatusInternalServerError)
		return
	}
	webpage.Write(w, http.StatusOK, b.Bytes())
}

func (p *page) serveStyle(w http.ResponseWriter, _ *http.Request) { webpage.WriteStyle(w, style) }

// apply makes an applicant, and goes back to the page, which then watches.
func (p *page) apply(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "cannot read the form", http.StatusBadRequest)
		return
	}
	outcome := Outcome(r.PostForm.Get("outcome"))
	switch outcome {
	case Pass, Fail, Review:
	default:
		http.Error(w, "outcome must be pass, fail or review", http.StatusBadRequest)
		return
	}
	reference := strings.TrimSpace(r.PostForm.Get("reference"))
	if len(reference) > maxReference {
		http.Error(w, "the reference id is too long", http.StatusBadRequest)
		return
	}
	if reference == "" {
		reference = domain.NewID("user")[:len("user_")+6]
	}
	if err := p.applicants.Apply(r.Context(), reference, outcome); err != nil {
		p.logger.ErrorContext(r.Context(), "status page: create an applicant", "error", err)
		http.Error(w, "cannot create the applicant; see the log", http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, "/?"+url.Values{"watch": {"1"}}.Encode(), http.StatusSeeOther)
}

// words and tone take what templates have: strings and named types of them.
func words(name any) string  { return webpage.Words(fmt.Sprint(name)) }
func tone(status any) string { return webpage.Tone(fmt.Sprint(status)) }
