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
	"sync"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// hostedFiles contains the template and the script of the hosted page, hostedStyle its style
// sheet.
var (
	//go:embed hosted/hosted.html hosted/hosted.js
	hostedFiles embed.FS
	//go:embed hosted/hosted.css
	hostedStyle string
)

// hosted serves the flow of an inquiry: for a one-time link, at /verify, and at /widget
// inside of another page. At /relay it serves the page of a relay. It works without scripts. Its script sends the other page the
// messages that Persona's package for browsers understands (npm: persona, version 5).
type hosted struct {
	engine *engine.Engine
	page   func() *template.Template // parsed on first use
}

func registerHosted(mux *http.ServeMux, e *engine.Engine) {
	h := &hosted{e, sync.OnceValue(func() *template.Template {
		return template.Must(template.ParseFS(hostedFiles, "hosted/hosted.html"))
	})}
	for _, path := range []string{"/verify", "/widget"} {
		mux.HandleFunc("GET "+path, h.open)
		mux.HandleFunc("POST "+path, h.step)
	}
	mux.HandleFunc("GET /relay", h.relay)
	mux.HandleFunc("POST /relay", h.answerRelay)
	mux.HandleFunc("GET /preload", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /verify/hosted.css", func(w http.ResponseWriter, _ *http.Request) { webpage.WriteStyle(w, hostedStyle) })
	mux.HandleFunc("GET /verify/hosted.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, hostedFiles, "hosted/hosted.js")
	})
}

// visit is one request of a person's browser. Its methods need the engine's lock.
type visit struct {
	*flow
	request *http.Request
	path    string     // /verify or /widget
	form    url.Values // what a person sent
	query   url.Values // parameters, names in kebab-case
}

// flow is where a person is: in an inquiry through a session, or before an inquiry.
type flow struct {
	engine  *engine.Engine
	env     *engine.Environment
	inquiry *storage.Resource // nil before there is one
	session *storage.Resource
	token   string // of the session
}

// flowError is an error that Persona's package passes to the other page (npm: persona,
// version 5).
type flowError struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`

	phrase string
	args   []any
}

func (e *flowError) Error() string { return e.Message }

// newFlowError returns an error whose message is a phrase. The other page gets the message in
// English, the person in the language of the page.
func newFlowError(status int, code, phrase string, args ...any) *flowError {
	return &flowError{status, code, newWords(languages()[0]).say(phrase, args...), phrase, args}
}

func invalidConfig(phrase string, args ...any) error {
	return newFlowError(http.StatusBadRequest, "invalid_config", phrase, args...)
}

func unauthenticatedFlow() error {
	return newFlowError(http.StatusConflict, "unauthenticated", "error session")
}

// open shows the page for a link, an inquiry or a template.
func (h *hosted) open(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("code") {
		h.link(w, r)
		return
	}
	var v *visit
	var page *hostedPage
	var err error
	h.engine.WithLock(func() {
		if v, err = readVisit(h.engine, r); err == nil {
			page, err = v.show()
		}
	})
	h.write(w, r, v, page, err)
}

// link opens a one-time link and redirects to its inquiry. A program that asks for JSON gets
// the ids instead.
func (h *hosted) link(w http.ResponseWriter, r *http.Request) {
	var status int
	var ids map[string]any
	var token string
	h.engine.WithLock(func() { status, ids, token = resources.OpenLink(h.engine, r) })
	switch {
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		writeJSON(w, status, ids)
	case status != http.StatusOK:
		h.write(w, r, nil, nil, newFlowError(status, "unauthenticated", "error link"))
	default:
		query := r.URL.Query()
		query.Del("code")
		query.Set("inquiry-id", engine.TextOf(ids["inquiry-id"]))
		query.Set("session-token", token)
		http.Redirect(w, r, "/verify?"+query.Encode(), http.StatusSeeOther)
	}
}

// step carries out a person's choice and redirects to the next page.
func (h *hosted) step(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if http.NewCrossOriginProtection().Check(r) != nil || r.ParseForm() != nil {
		h.write(w, r, nil, nil, invalidConfig("error form"))
		return
	}
	var v *visit
	var next string
	var err error
	h.engine.WithLock(func() {
		if v, err = readVisit(h.engine, r); err == nil {
			v.form = r.PostForm
			next, err = v.do(r.PostForm.Get("do"), r.PostForm.Get("outcome"), r.PostForm.Get("at"))
		}
	})
	if err != nil {
		h.write(w, r, v, nil, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// readVisit reads a request, and finds the flow that it is about.
func readVisit(e *engine.Engine, r *http.Request) (*visit, error) {
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
	f, err := enter(e, v.query)
	v.flow = f
	return v, err
}

// enter finds the flow that the parameters of an address name: by the token of a session,
// by an inquiry, or by a template.
func enter(e *engine.Engine, query url.Values) (*flow, error) {
	f := &flow{engine: e, token: query.Get("session-token")}
	if f.token != "" {
		return f, f.enterSession(query.Get("inquiry-id"))
	}
	if id := query.Get("inquiry-id"); id != "" {
		return f, f.enterInquiry(id)
	}
	if query.Get("inquiry-template-id")+query.Get("inquiry-template-version-id")+query.Get("template-id") == "" {
		return f, invalidConfig("error address")
	}
	return f, f.enterEnvironment(query)
}

// enterSession finds the session of the token, which must be the given inquiry's unless the
// id is empty.
func (f *flow) enterSession(inquiryID string) error {
	id, ok := resources.ReadSessionToken(f.engine, f.token)
	for env := range f.engine.Environments() {
		if session := env.Get(id); ok && session != nil && session.Typ == "inquiry-session" {
			f.env, f.session, f.inquiry = env, session, env.Get(session.One("inquiry"))
		}
	}
	if f.session == nil || inquiryID != "" && inquiryID != f.inquiry.ID {
		return unauthenticatedFlow()
	}
	return nil
}

// enterInquiry finds an inquiry that nobody has started.
func (f *flow) enterInquiry(id string) error {
	for env := range f.engine.Environments() {
		if inquiry := env.Get(id); inquiry != nil && inquiry.Typ == "inquiry" {
			f.env, f.inquiry = env, inquiry
		}
	}
	switch {
	case f.inquiry == nil:
		return invalidConfig("error inquiry")
	case f.inquiry.Text("status") != "created": // Persona docs: Resuming inquiries
		return unauthenticatedFlow()
	}
	return nil
}

// enterEnvironment finds the environment that an address names, or production, as at
// Persona.
func (f *flow) enterEnvironment(query url.Values) error {
	f.env = f.engine.Environment(catalog.Environment(cmp.Or(query.Get("environment"), "production")))
	if id := query.Get("environment-id"); id != "" {
		f.env = nil
		for env := range f.engine.Environments() {
			if env.ID == id {
				f.env = env
			}
		}
	}
	if f.env == nil {
		return invalidConfig("error environment")
	}
	return nil
}

// do carries out a person's choice, and returns the address of the next page. A form that is
// sent twice, as by a double click, counts once: at identifies the page of the form.
func (v *visit) do(choice, outcome, at string) (next string, err error) {
	switch {
	case choice == "begin" && v.inStatus("pending") && v.session.Text("status") == "active":
		return v.address("start"), nil
	case choice == "begin":
		c := engine.NewChange(v.env, v.engine.Now())
		if err := v.begin(c); err != nil {
			return "", err
		}
		v.engine.Commit(c)
		return v.address("start"), nil
	case choice == "cancel" && (v.session == nil || v.session.Text("status") == "expired"):
		return v.leave("")
	case v.session == nil:
		return "", unauthenticatedFlow()
	case choice == "finish" && v.inStatus("completed", "failed", "needs_review"):
		return v.leave(v.inquiry.Text("status"))
	case at != "" && at != stage(v.inquiry):
		return v.address("step"), nil
	}
	return v.doOnce(choice, outcome)
}

// doOnce carries out a choice about the current step, and returns the address of the next
// page.
func (v *visit) doOnce(choice, outcome string) (next string, err error) {
	c := engine.NewChange(v.env, v.engine.Now())
	inquiry, session := c.Edit(v.inquiry.ID), c.Edit(v.session.ID)
	if session.Text("status") == "expired" || resources.Closed(inquiry) {
		return "", unauthenticatedFlow()
	}
	switch choice {
	case "submit":
		err = v.submit(c, inquiry, outcome)
	case "skip":
		err = v.submit(c, inquiry, "skipped")
	case "finish":
		err = v.finish(c, inquiry, outcome)
	case "cancel":
		resources.CancelSession(c, session)
	default:
		err = invalidConfig("error choice")
	}
	if err != nil {
		return "", err
	}
	v.engine.Commit(c)
	v.inquiry = inquiry
	switch choice {
	case "finish":
		return v.leave(inquiry.Text("status"))
	case "cancel":
		return v.leave("")
	}
	return v.address("step"), nil
}

// inStatus reports whether the visit has a session, of an inquiry with one of the statuses.
func (v *visit) inStatus(statuses ...string) bool {
	return v.session != nil && slices.Contains(statuses, v.inquiry.Text("status"))
}

// stage identifies the page of an inquiry that a person is at. It changes with each step,
// because a step adds a verification, a document or a selfie.
func stage(inquiry *storage.Resource) string {
	return strconv.Itoa(len(inquiry.Many("verifications")) + len(inquiry.Many("documents")) + len(inquiry.Many("selfies")))
}

// begin starts the inquiry and a session. If the address names a template, it creates the
// inquiry.
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
			v.engine.ExpireRefused(v.env, c.Now, err)
			return newFlowError(http.StatusConflict, "unauthenticated", "error no session")
		}
		v.session, v.token = session, resources.SessionToken(v.engine, session, c.Now)
	}
	session := c.Edit(v.session.ID)
	if session.Text("status") == "expired" || resources.Closed(inquiry) {
		return unauthenticatedFlow()
	}
	if err := chooseSignals(c, session, v.form); err != nil {
		return err
	}
	resources.StartSession(c, session, v.request)
	if steps := stepsOf(c, inquiry); len(steps) > 0 {
		resources.EnterStep(c, inquiry, resources.StepName(fixtures.VerificationType(c, steps[0])))
	}
	v.inquiry = inquiry
	return nil
}

// create creates the inquiry that an address describes, as POST /inquiries does.
func (v *visit) create(c *engine.Change) (*storage.Resource, error) {
	attributes, fields := map[string]any{}, map[string]string{}
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
	template := cmp.Or(v.query.Get("inquiry-template-version-id"), v.query.Get("inquiry-template-id"))
	attributes["fields"] = schema.OfTexts(c, template, fields)
	made, err := v.engine.Perform(c, "Inquiries.Create", nil, map[string]any{"data": map[string]any{"attributes": attributes}, "meta": meta})
	var refused *engine.Refusal
	if errors.As(err, &refused) {
		return nil, invalidConfig("error create", cmp.Or(refused.Details, refused.Title))
	}
	if err != nil {
		return nil, err
	}
	return made.One, nil
}

// submit submits the verification of the current step with an outcome.
func (v *visit) submit(c *engine.Change, inquiry *storage.Resource, outcome string) error {
	steps := stepsOf(c, inquiry)
	at := currentStep(c, inquiry, steps)
	if at == len(steps) {
		return invalidConfig("error no step")
	}
	typ := fixtures.VerificationType(c, steps[at])
	if !slices.Contains(stepOutcomes(typ), outcome) {
		return invalidConfig("error outcome")
	}
	if err := resources.AcceptSubmission(c, inquiry); err != nil {
		return unauthenticatedFlow()
	}
	chosen, err := choiceFor(inquiry, steps[at], typ, outcome, v.form)
	switch {
	case err != nil:
	case outcome == "errored":
		resources.AddEvidence(c, inquiry, resources.EvidenceType(typ), outcome)
	default:
		_, err = resources.AddVerification(c, inquiry, typ, steps[at], outcome, chosen)
	}
	if err != nil {
		return asFlowError(err)
	}
	next := resources.LastStep
	if at = currentStep(c, inquiry, steps); at < len(steps) {
		next = resources.StepName(fixtures.VerificationType(c, steps[at]))
	}
	resources.EnterStep(c, inquiry, next)
	return nil
}

// finish ends the inquiry: it is completed, completed and marked for review by a workflow, or
// failed.
func (v *visit) finish(c *engine.Change, inquiry *storage.Resource, outcome string) error {
	status := map[string]string{"completed": "completed", "needs_review": "completed", "failed": "failed"}[outcome]
	if status == "" {
		return invalidConfig("error outcome")
	}
	err := resources.MoveInquiry(c, inquiry, status)
	if err == nil && outcome == "needs_review" {
		_, err = resources.DecideByWorkflow(c, inquiry, outcome)
	}
	if err != nil {
		return unauthenticatedFlow()
	}
	return nil
}

// leave returns where a person goes at the end, or, with an empty status, when they leave
// earlier.
func (v *visit) leave(status string) (string, error) {
	if status == "" && v.callback() != nil {
		return v.redirect().String(), nil
	}
	if v.path == "/widget" || status == "" {
		return v.address(map[bool]string{true: "exit", false: "end"}[status == ""]), nil
	}
	if to := v.redirect(); to != nil {
		return to.String(), nil
	}
	return v.address("end"), nil
}

// redirect returns where a person goes when the inquiry is completed or failed, or nil. The
// address overrides the inquiry (Persona docs: Hosted flow redirecting on complete).
func (v *visit) redirect() *url.URL {
	uri := v.query.Get("redirect-uri")
	if uri == "" && v.inquiry != nil {
		uri = v.inquiry.Text(resources.RedirectURI)
	}
	to := redirectURI(uri)
	if to == nil {
		to = v.callback()
	}
	return v.withResult(to)
}

// callback returns the address that a web view of an app waits for, as in Persona's samples
// for Android, iOS and Flutter, or nil if the page is not in one.
func (v *visit) callback() *url.URL {
	if v.path != "/verify" || v.query.Get("is-webview") != "true" {
		return nil
	}
	return &url.URL{Scheme: "https", Host: "personacallback"}
}

// redirectURI reads where an app or a site wants the person to go. The scheme may be an app's
// own. It is nil if a browser would run a script or open a file.
func redirectURI(text string) *url.URL {
	to, err := url.Parse(text)
	if err != nil {
		return nil
	}
	switch to.Scheme {
	case "", "javascript", "vbscript", "data", "blob", "file", "about":
		return nil
	case "http", "https":
		if to.Host == "" {
			return nil
		}
	}
	if to.Host+to.Path == "" { // such as mailto:a@example.com
		return nil
	}
	return to
}

// fields returns the fields of the inquiry, with links to files.
func (v *visit) fields() any {
	_, shown := v.engine.Attributes(v.env, v.inquiry)
	return shown["fields"]
}

// withResult returns an address with what became of the inquiry, if there is one. A nil
// address stays nil.
func (v *visit) withResult(to *url.URL) *url.URL {
	if to == nil || v.inquiry == nil {
		return to
	}
	fields, _ := json.Marshal(v.fields()) // maps, texts and numbers
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

// address returns the address of the next page: with the session, and without the parameters
// that created the inquiry.
func (v *visit) address(event string) string {
	query := url.Values{}
	for name, values := range v.query {
		outer, _, _ := strings.Cut(name, "[")
		switch outer {
		case "container-id", "iframe-origin", "message-target-origin", "frame-ancestors", "style-variant", "redirect-uri", "is-webview", "language", "template-id", "inquiry-template-id", "inquiry-template-version-id", "environment", "environment-id":
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

// write writes a page, or an error. If the page is inside of another one, that one gets the
// error too.
func (h *hosted) write(w http.ResponseWriter, r *http.Request, v *visit, page *hostedPage, err error) {
	status := http.StatusOK
	if err != nil {
		var said *flowError
		if !errors.As(err, &said) {
			said = newFlowError(http.StatusInternalServerError, "unknown", "error unknown")
		}
		status = said.Status
		page = newHostedPage(r)
		page.Title, page.Text = page.say("error"), []string{page.say(said.phrase, said.args...)}
		page.tell(v, "error", nil, said)
	}
	var b bytes.Buffer
	if h.page().Execute(&b, page) != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	webpage.Write(w, status, b.Bytes(), webpage.Scripts, webpage.FormsTo(page.formTargets()...), webpage.Inside(v.ancestors()...))
}

// ancestors returns the origins of the pages that may contain this one.
func (v *visit) ancestors() (origins []string) {
	if v == nil || v.path != "/widget" {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(v.query)) {
		if outer, _, _ := strings.Cut(name, "["); outer != "iframe-origin" && outer != "frame-ancestors" {
			continue
		}
		for _, value := range v.query[name] {
			if origin := originOf(value); origin != "" {
				origins = append(origins, origin)
			}
		}
	}
	return origins
}

// IsOrigin reports whether a text is an http or https address without a path.
func IsOrigin(text string) bool { return text != "" && originOf(text) == text }

// originOf returns the origin of an http or https address, or "".
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
