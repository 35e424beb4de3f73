package statuspage

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/service"
)

//go:embed page.html
var markup string

//go:embed page.css
var style string

// Rows is what the page shows. A [store.Store] has it.
type Rows interface {
	Backlog(context.Context, domain.Environment) (store.Backlog, error)
	Events(context.Context, domain.Environment, store.Filter) (store.Page[domain.Event], error)
	Objects(context.Context, domain.Environment, store.Filter) (store.Page[domain.Object], error)
	Decisions(context.Context, domain.Environment, store.Filter) (store.Page[domain.Decision], error)
	Actions(context.Context, domain.Environment, store.Filter) (store.Page[domain.Action], error)
	Notifications(context.Context, domain.Environment, store.Filter) (store.Page[domain.Notification], error)
}

// Subjects says what is known of a subject. A [service.Service] does.
type Subjects interface {
	Subject(ctx context.Context, environment service.Environment, reference string) (service.Subject, error)
}

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
	rows       Rows
	subjects   Subjects
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

// New returns the page at /, its style sheet and its form below /status/. A form that
// a page of another site sends is refused.
func New(rows Rows, subjects Subjects, applicants Applicants, addresses []Address, logger *slog.Logger) http.Handler {
	parsed := template.Must(template.New("page.html").Funcs(template.FuncMap{"words": words, "tone": tone}).Parse(markup))
	p := &page{rows, subjects, applicants, addresses, logger, parsed}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /status/page.css", p.serveStyle)
	mux.HandleFunc("POST /status/applicants", p.apply)
	return http.NewCrossOriginProtection().Handler(mux)
}

// view is what the template is filled with.
type view struct {
	Addresses []Address
	Watch     bool
	Backlog   store.Backlog
	Concerns  []concern
	People    []service.Subject
	Decisions []domain.Decision
	Actions   []domain.Action
	Objects   []domain.Object
	Events    []domain.Event
}

// shown is how many rows of each kind the page has.
const shown = 25

func (p *page) read(ctx context.Context) (view, error) {
	v := view{Addresses: p.addresses}
	people, err := p.people(ctx)
	v.People = people
	return v, errors.Join(
		err,
		rowsOf(ctx, p.rows.Decisions, &v.Decisions),
		rowsOf(ctx, p.rows.Actions, &v.Actions),
		rowsOf(ctx, p.rows.Objects, &v.Objects),
		rowsOf(ctx, p.rows.Events, &v.Events),
		p.stuck(ctx, &v),
	)
}

// rowsOf reads the newest rows of a kind.
func rowsOf[T any](ctx context.Context, list func(context.Context, domain.Environment, store.Filter) (store.Page[T], error), into *[]T) error {
	return someOf(ctx, list, store.Filter{Limit: shown}, into)
}

// someOf reads the rows of a kind that a filter picks.
func someOf[T any](ctx context.Context, list func(context.Context, domain.Environment, store.Filter) (store.Page[T], error), filter store.Filter, into *[]T) error {
	page, err := list(ctx, domain.Sandbox, filter)
	*into = page.Rows
	return err
}

// people are the subjects that something was last told about.
func (p *page) people(ctx context.Context) ([]service.Subject, error) {
	told, err := p.rows.Notifications(ctx, domain.Sandbox, store.Filter{Limit: 100})
	if err != nil {
		return nil, err
	}
	known := map[string]bool{"": true}
	var out []service.Subject
	for _, n := range told.Rows {
		if known[n.Subject] || len(out) == shown {
			continue
		}
		known[n.Subject] = true
		subject, err := p.subjects.Subject(ctx, domain.Sandbox, n.Subject)
		if err != nil {
			return nil, err
		}
		out = append(out, subject)
	}
	return out, nil
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	v, err := p.read(r.Context())
	if err != nil {
		p.logger.ErrorContext(r.Context(), "status page: read the database", "error", err)
		http.Error(w, "cannot read the database; see the log", http.StatusServiceUnavailable)
		return
	}
	v.Watch = r.URL.Query().Has("watch")
	var b bytes.Buffer
	if err := p.template.Execute(&b, v); err != nil {
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
