package pages

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// hostedFiles are the template and the script of the hosted flow, and hostedStyle is its
// style sheet.
var (
	//go:embed hosted/hosted.html hosted/hosted.js
	hostedFiles embed.FS
	//go:embed hosted/hosted.css
	hostedStyle string
)

// hosted is the flow that a person goes through at a one-time link, at /verify, and at
// /widget inside of another page. All of it works without scripts; the one there is
// speaks with the page around, in the words of Persona's package for browsers (npm:
// persona, version 5).
type hosted struct {
	sandbox *engine.Engine
	page    *template.Template
	mux     *http.ServeMux
}

func newHosted(s *engine.Engine, mux *http.ServeMux) *hosted {
	h := &hosted{sandbox: s, page: template.Must(template.ParseFS(hostedFiles, "hosted/hosted.html")), mux: mux}
	for _, path := range []string{"/verify", "/widget"} {
		h.mux.HandleFunc("GET "+path, h.open)
		h.mux.HandleFunc("POST "+path, h.step)
	}
	h.mux.HandleFunc("GET /preload", func(http.ResponseWriter, *http.Request) {})
	h.mux.HandleFunc("GET /verify/hosted.css", func(w http.ResponseWriter, _ *http.Request) { webpage.WriteStyle(w, hostedStyle) })
	h.mux.HandleFunc("GET /verify/hosted.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, hostedFiles, "hosted/hosted.js")
	})
	return h
}

// visit is one request of a person's browser. Who works on it holds the engine's lock.
type visit struct {
	*flow
	request *http.Request
	path    string     // /verify or /widget
	query   url.Values // parameters, names in kebab-case
}

// flow is where a person is: in an inquiry by a session, or before one.
type flow struct {
	sandbox *engine.Engine
	env     *engine.Environment
	inquiry *storage.Resource // nil before there is one
	session *storage.Resource
	token   string // of the session
}

// The errors that Persona's package tells the page around (npm: persona, version 5).
type flowError struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *flowError) Error() string { return e.Message }

func invalidConfig(message string) error {
	return &flowError{http.StatusBadRequest, "invalid_config", message}
}

func unauthenticatedFlow() error {
	return &flowError{http.StatusConflict, "unauthenticated", "The session has ended, or it is not this inquiry's. Ask for a new link."}
}

// open shows the page of a visit: a link's, an inquiry's, or a template's.
func (h *hosted) open(w http.ResponseWriter, r *http.Request) {
	s := h.sandbox
	if r.URL.Query().Has("code") {
		h.link(w, r)
		return
	}
	s.Mu.Lock()
	v, err := readVisit(s, r)
	var page *hostedPage
	if err == nil {
		page, err = v.show()
	}
	s.Mu.Unlock()
	s.Dispatcher.Wake()
	h.write(w, v, page, err)
}

// link opens a one-time link, and leads to its inquiry. Programs that ask for JSON are
// told of it.
func (h *hosted) link(w http.ResponseWriter, r *http.Request) {
	s := h.sandbox
	s.Mu.Lock()
	s.ExpireDue()
	status, said, token := resources.OpenLink(s, r)
	s.Mu.Unlock()
	s.Dispatcher.Wake()
	switch {
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		engine.WriteJSON(w, status, said)
	case status != http.StatusOK:
		h.write(w, nil, nil, &flowError{status, "unauthenticated", "The link was used before, it is too old, or the inquiry is over. Ask for a new one."})
	default:
		query := r.URL.Query()
		query.Del("code")
		query.Set("inquiry-id", engine.TextOf(said["inquiry-id"]))
		query.Set("session-token", token)
		http.Redirect(w, r, "/verify?"+query.Encode(), http.StatusSeeOther)
	}
}

// step does what a person chose, and leads to the next page.
func (h *hosted) step(w http.ResponseWriter, r *http.Request) {
	s := h.sandbox
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if http.NewCrossOriginProtection().Check(r) != nil || r.ParseForm() != nil {
		h.write(w, nil, nil, invalidConfig("This form was not sent from its own page."))
		return
	}
	s.Mu.Lock()
	v, err := readVisit(s, r)
	var next string
	if err == nil {
		next, err = v.do(r.PostForm.Get("do"), r.PostForm.Get("outcome"), r.PostForm.Get("at"))
	}
	s.Mu.Unlock()
	s.Dispatcher.Wake()
	if err != nil {
		h.write(w, v, nil, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// readVisit reads who visits, and why.
func readVisit(s *engine.Engine, r *http.Request) (*visit, error) {
	v := &visit{request: r, path: r.URL.Path, query: url.Values{}}
	for name, values := range r.URL.Query() {
		outer, inner, nested := strings.Cut(name, "[")
		if outer = casing.Kebab(outer); outer == "prefill" {
			outer = "fields"
		}
		if nested {
			outer += "[" + inner
		}
		v.query[outer] = values
	}
	s.ExpireDue()
	f, err := enter(s, v.query)
	v.flow = f
	return v, err
}

// enter finds the session of a token, or the inquiry, or else the environment.
func enter(s *engine.Engine, query url.Values) (*flow, error) {
	f := &flow{sandbox: s, token: query.Get("session-token")}
	if f.token != "" {
		id, ok := readSessionToken(s, f.token)
		for _, env := range s.Environments {
			if session := env.Get(id); ok && session != nil && session.Typ == "inquiry-session" {
				f.env, f.session, f.inquiry = env, session, env.Get(session.One("inquiry"))
			}
		}
		if f.session == nil || query.Get("inquiry-id") != "" && query.Get("inquiry-id") != f.inquiry.ID {
			return f, unauthenticatedFlow()
		}
		return f, nil
	}
	if id := query.Get("inquiry-id"); id != "" {
		for _, env := range s.Environments {
			if inquiry := env.Get(id); inquiry != nil && inquiry.Typ == "inquiry" {
				f.env, f.inquiry = env, inquiry
			}
		}
		switch {
		case f.inquiry == nil:
			return f, invalidConfig("There is no inquiry with this id.")
		case f.inquiry.Text("status") != "created": // Persona docs: Resuming inquiries
			return f, unauthenticatedFlow()
		}
		return f, nil
	}
	if query.Get("inquiry-template-id")+query.Get("inquiry-template-version-id")+query.Get("template-id") == "" {
		return f, invalidConfig("The address names no inquiry and no template.")
	}
	return f, f.choose(query)
}

// choose finds the environment that an address asks for: production unless it says
// otherwise, as at Persona.
func (f *flow) choose(query url.Values) error {
	f.env = f.sandbox.Environments[cmp.Or(query.Get("environment"), "production")]
	if id := query.Get("environment-id"); id != "" {
		f.env = nil
		for _, env := range f.sandbox.Environments {
			if env.ID == id {
				f.env = env
			}
		}
	}
	if f.env == nil {
		return invalidConfig("There is no such environment.")
	}
	return nil
}

// do carries out what a person chose, and returns where they go next. What was sent
// twice, as by a double click, happens once: at tells which page the form was on.
func (v *visit) do(choice, outcome, at string) (next string, err error) {
	c := engine.NewChange(v.env, v.sandbox.Clock.Now())
	if choice == "begin" {
		if v.under("pending") && v.session.Text("status") == "active" {
			return v.address("start"), nil
		}
		if err := v.begin(c); err != nil {
			return "", err
		}
		v.sandbox.Commit(c)
		return v.address("start"), nil
	}
	if v.session == nil {
		if choice == "cancel" { // before there is an inquiry
			return v.leave("")
		}
		return "", unauthenticatedFlow()
	}
	switch {
	case choice == "cancel" && v.session.Text("status") == "expired":
		return v.leave("")
	case choice == "finish" && v.under("completed", "failed", "needs_review"):
		return v.leave(v.inquiry.Text("status"))
	case at != "" && at != stage(v.inquiry):
		return v.address("step"), nil
	}
	inquiry, session := c.Edit(v.inquiry.ID), c.Edit(v.session.ID)
	if session.Text("status") == "expired" || resources.Closed(inquiry) {
		return "", unauthenticatedFlow()
	}
	switch choice {
	case "submit", "skip":
		if choice == "skip" {
			outcome = "skipped"
		}
		err = v.submit(c, inquiry, outcome)
	case "finish":
		err = v.finish(c, inquiry, outcome)
	case "cancel":
		resources.CancelSession(c, session)
	default:
		err = invalidConfig("The form says nothing of what to do.")
	}
	if err != nil {
		return "", err
	}
	v.sandbox.Commit(c)
	v.inquiry = inquiry
	switch choice {
	case "finish":
		return v.leave(inquiry.Text("status"))
	case "cancel":
		return v.leave("")
	}
	return v.address("step"), nil
}

// under reports whether the visit is a session's, of an inquiry with one of the statuses.
func (v *visit) under(statuses ...string) bool {
	return v.session != nil && slices.Contains(statuses, v.inquiry.Text("status"))
}

// stage tells the pages of an inquiry apart: each step adds a verification, or what could
// not be processed.
func stage(inquiry *storage.Resource) string {
	return strconv.Itoa(len(inquiry.Many("verifications")) + len(inquiry.Many("documents")) + len(inquiry.Many("selfies")))
}

// begin starts the inquiry, which is made now if an address named a template, and opens
// a session.
func (v *visit) begin(c *engine.Change) error {
	if v.inquiry == nil {
		made, err := v.create(c)
		if err != nil {
			return err
		}
		v.inquiry = made
	}
	inquiry := c.Edit(v.inquiry.ID)
	if inquiry.Text("status") == "created" {
		if err := resources.MoveInquiry(c, inquiry, "pending"); err != nil {
			return err
		}
	}
	if v.session == nil {
		session, err := resources.UsableSession(c, inquiry)
		if err != nil {
			v.sandbox.ExpireRefused(v.env, c.Now, err)
			return &flowError{http.StatusConflict, "unauthenticated", "The inquiry takes no session any more."}
		}
		v.session, v.token = session, resources.SessionToken(v.sandbox, session, c.Now)
	}
	session := c.Edit(v.session.ID)
	if session.Text("status") == "expired" || resources.Closed(inquiry) {
		return unauthenticatedFlow()
	}
	resources.StartSession(c, session, v.request)
	if steps := stepsOf(c, inquiry); len(steps) > 0 {
		resources.MoveOn(c, inquiry, stepName(c, steps[0]))
	}
	v.inquiry = inquiry
	return nil
}

// create makes the inquiry that an address describes, as POST /inquiries does.
func (v *visit) create(c *engine.Change) (*storage.Resource, error) {
	attributes, fields := map[string]any{}, map[string]any{}
	for name, values := range v.query {
		switch inner, ok := strings.CutPrefix(name, "fields["); {
		case ok:
			fields[strings.TrimSuffix(inner, "]")] = values[0]
		case slices.Contains([]string{"inquiry-template-id", "inquiry-template-version-id", "template-id", "reference-id", "account-id", "theme-set-id"}, name):
			attributes[name] = values[0]
		}
	}
	meta := map[string]any{}
	if id := v.query.Get("account-type-id"); id != "" {
		meta["auto-create-account-type-id"] = id
	}
	attributes["fields"] = fields
	made, err := resources.CreateInquiry(&engine.Call{
		Change: c, Engine: v.sandbox, Render: engine.RenderOptions{Version: catalog.DefaultVersion, Inflection: "kebab"}, Host: v.sandbox.Host(v.request),
		Body: map[string]any{"data": map[string]any{"attributes": attributes}, "meta": meta},
	})
	var refused *engine.Refusal
	if errors.As(err, &refused) {
		return nil, invalidConfig("The inquiry cannot be made: " + cmp.Or(refused.Details, refused.Title) + ".")
	}
	if err != nil {
		return nil, err
	}
	return made.One, nil
}

// submit takes the verification of the present step to an outcome.
func (v *visit) submit(c *engine.Change, inquiry *storage.Resource, outcome string) error {
	steps := stepsOf(c, inquiry)
	at := present(c, inquiry, steps)
	if at == len(steps) {
		return invalidConfig("There is no step left.")
	}
	typ := resources.VerificationType(c, steps[at])
	if !slices.Contains(stepOutcomes(typ), outcome) {
		return invalidConfig("Choose one of the outcomes.")
	}
	if err := resources.TakePart(c, inquiry); err != nil {
		return unauthenticatedFlow()
	}
	if outcome == "errored" {
		resources.Evidence(c, inquiry, resources.EvidenceOf(typ), outcome)
	} else {
		resources.Verify(c, inquiry, typ, steps[at], outcome)
	}
	next := "done"
	if at = present(c, inquiry, steps); at < len(steps) {
		next = stepName(c, steps[at])
	}
	resources.MoveOn(c, inquiry, next)
	return nil
}

// finish ends the inquiry: it is completed, and marked for review where that was
// chosen, or failed.
func (v *visit) finish(c *engine.Change, inquiry *storage.Resource, outcome string) error {
	moves := map[string][]string{"completed": {"completed"}, "needs_review": {"completed", "needs_review"}, "failed": {"failed"}}[outcome]
	if moves == nil {
		return invalidConfig("Choose one of the outcomes.")
	}
	for _, to := range moves {
		if err := resources.MoveInquiry(c, inquiry, to); err != nil {
			return unauthenticatedFlow()
		}
	}
	return nil
}

// leave is where a person goes who is done, or with an empty status who left before.
func (v *visit) leave(status string) (string, error) {
	if v.path == "/widget" || status == "" {
		return v.address(map[bool]string{true: "exit", false: "end"}[status == ""]), nil
	}
	if to := v.redirect(); to != nil {
		return to.String(), nil
	}
	return v.address("end"), nil
}

// redirect is where the address, or else the inquiry, says that a person goes when it
// is completed or failed (Persona docs: Hosted flow redirecting on complete), or nil.
func (v *visit) redirect() *url.URL {
	to, err := url.Parse(cmp.Or(v.query.Get("redirect-uri"), v.inquiry.Text(resources.RedirectURI)))
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil
	}
	fields, _ := json.Marshal(v.inquiry.Attributes["fields"]) // maps, texts and numbers
	query := to.Query()
	query.Set("inquiry-id", v.inquiry.ID)
	query.Set("status", v.inquiry.Text("status"))
	query.Set("fields", string(fields))
	if reference := v.inquiry.Text("reference-id"); reference != "" {
		query.Set("reference-id", reference)
	}
	to.RawQuery = query.Encode()
	return to
}

// address is the address of a visit's next page: with the session, and without what
// made the inquiry.
func (v *visit) address(event string) string {
	query := url.Values{}
	for name, values := range v.query {
		outer, _, _ := strings.Cut(name, "[")
		switch outer {
		case "container-id", "iframe-origin", "message-target-origin", "frame-ancestors", "style-variant", "redirect-uri", "template-id", "inquiry-template-id", "inquiry-template-version-id", "environment", "environment-id":
			query[name] = values
		}
	}
	if v.session != nil {
		query.Set("inquiry-id", v.inquiry.ID)
		query.Set("session-token", v.token)
	}
	query.Set("event", event)
	return v.path + "?" + query.Encode()
}

// write writes a page, or what is wrong. The page around a page that is embedded is told
// of it.
func (h *hosted) write(w http.ResponseWriter, v *visit, page *hostedPage, err error) {
	status := http.StatusOK
	if err != nil {
		var said *flowError
		if !errors.As(err, &said) {
			said = &flowError{http.StatusInternalServerError, "unknown", "Something went wrong."}
		}
		status = said.Status
		page = &hostedPage{Title: "This does not work", Text: []string{said.Message}}
		page.tell(v, "error", nil, said)
	}
	var b bytes.Buffer
	if h.page.Execute(&b, page) != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	webpage.Write(w, status, b.Bytes(), webpage.Scripts, webpage.FormsTo(page.formTargets()...), webpage.Inside(v.ancestors()...))
}

// ancestors are the pages that may show this one inside of them.
func (v *visit) ancestors() (origins []string) {
	if v == nil || v.path != "/widget" {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(v.query)) {
		if outer, _, _ := strings.Cut(name, "["); outer != "iframe-origin" && outer != "frame-ancestors" {
			continue
		}
		for _, value := range v.query[name] {
			if origin := engine.OriginOf(value); origin != "" {
				origins = append(origins, origin)
			}
		}
	}
	return origins
}

// readSessionToken returns the id of a token's session, if the token is this sandbox's
// and its time is not over.
func readSessionToken(s *engine.Engine, token string) (sessionID string, ok bool) {
	text, _, _ := cutLast(token, ".")
	var claims struct {
		Sub string
		Exp int64
	}
	_, part, _ := strings.Cut(text, ".")
	if token != resources.SignToken(s, text) || !resources.DecodePart(part, &claims) {
		return "", false
	}
	return claims.Sub, s.Clock.Now().Before(time.Unix(claims.Exp, 0))
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}
