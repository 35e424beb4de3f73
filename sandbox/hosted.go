package sandbox

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
	sandbox *Sandbox
	page    *template.Template
	mux     *http.ServeMux
}

func newHosted(s *Sandbox) *hosted {
	h := &hosted{sandbox: s, page: template.Must(template.ParseFS(hostedFiles, "hosted/hosted.html")), mux: http.NewServeMux()}
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

// serves reports whether a request is for the flow.
func (h *hosted) serves(r *http.Request) bool {
	_, pattern := h.mux.Handler(r)
	return pattern != ""
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
	sandbox *Sandbox
	env     *environment
	inquiry *resource // nil before there is one
	session *resource
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
	s.mu.Lock()
	v, err := s.visit(r)
	var page *hostedPage
	if err == nil {
		page, err = v.show()
	}
	s.mu.Unlock()
	s.deliveries.wake()
	h.write(w, v, page, err)
}

// link opens a one-time link, and leads to its inquiry. Programs that ask for JSON are
// told of it.
func (h *hosted) link(w http.ResponseWriter, r *http.Request) {
	s := h.sandbox
	s.mu.Lock()
	s.expireDue()
	status, said, token := s.openLink(r)
	s.mu.Unlock()
	s.deliveries.wake()
	switch {
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		writeJSON(w, status, said)
	case status != http.StatusOK:
		h.write(w, nil, nil, &flowError{status, "unauthenticated", "The link was used before, it is too old, or the inquiry is over. Ask for a new one."})
	default:
		query := r.URL.Query()
		query.Del("code")
		query.Set("inquiry-id", textOf(said["inquiry-id"]))
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
	s.mu.Lock()
	v, err := s.visit(r)
	var next string
	if err == nil {
		next, err = v.do(r.PostForm.Get("do"), r.PostForm.Get("outcome"), r.PostForm.Get("at"))
	}
	s.mu.Unlock()
	s.deliveries.wake()
	if err != nil {
		h.write(w, v, nil, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// visit reads who visits, and why.
func (s *Sandbox) visit(r *http.Request) (*visit, error) {
	v := &visit{request: r, path: r.URL.Path, query: url.Values{}}
	for name, values := range r.URL.Query() {
		outer, inner, nested := strings.Cut(name, "[")
		if outer = kebab(outer); outer == "prefill" {
			outer = "fields"
		}
		if nested {
			outer += "[" + inner
		}
		v.query[outer] = values
	}
	s.expireDue()
	f, err := s.enter(v.query)
	v.flow = f
	return v, err
}

// enter finds the session of a token, or the inquiry, or else the environment.
func (s *Sandbox) enter(query url.Values) (*flow, error) {
	f := &flow{sandbox: s, token: query.Get("session-token")}
	if f.token != "" {
		id, ok := s.readSessionToken(f.token)
		for _, env := range s.environments {
			if session := env.get(id); ok && session != nil && session.typ == "inquiry-session" {
				f.env, f.session, f.inquiry = env, session, env.get(session.one("inquiry"))
			}
		}
		if f.session == nil || query.Get("inquiry-id") != "" && query.Get("inquiry-id") != f.inquiry.id {
			return f, unauthenticatedFlow()
		}
		return f, nil
	}
	if id := query.Get("inquiry-id"); id != "" {
		for _, env := range s.environments {
			if inquiry := env.get(id); inquiry != nil && inquiry.typ == "inquiry" {
				f.env, f.inquiry = env, inquiry
			}
		}
		switch {
		case f.inquiry == nil:
			return f, invalidConfig("There is no inquiry with this id.")
		case f.inquiry.text("status") != "created": // Persona docs: Resuming inquiries
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
	f.env = f.sandbox.environments[cmp.Or(query.Get("environment"), "production")]
	if id := query.Get("environment-id"); id != "" {
		f.env = nil
		for _, env := range f.sandbox.environments {
			if env.id == id {
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
	c := newChange(v.env, v.sandbox.clock.now())
	if choice == "begin" {
		if v.under("pending") && v.session.text("status") == "active" {
			return v.address("start"), nil
		}
		if err := v.begin(c); err != nil {
			return "", err
		}
		v.sandbox.commit(c)
		return v.address("start"), nil
	}
	if v.session == nil {
		if choice == "cancel" { // before there is an inquiry
			return v.leave("")
		}
		return "", unauthenticatedFlow()
	}
	switch {
	case choice == "cancel" && v.session.text("status") == "expired":
		return v.leave("")
	case choice == "finish" && v.under("completed", "failed", "needs_review"):
		return v.leave(v.inquiry.text("status"))
	case at != "" && at != stage(v.inquiry):
		return v.address("step"), nil
	}
	inquiry, session := c.edit(v.inquiry.id), c.edit(v.session.id)
	if session.text("status") == "expired" || closed(inquiry) {
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
		c.cancelSession(session)
	default:
		err = invalidConfig("The form says nothing of what to do.")
	}
	if err != nil {
		return "", err
	}
	v.sandbox.commit(c)
	v.inquiry = inquiry
	switch choice {
	case "finish":
		return v.leave(inquiry.text("status"))
	case "cancel":
		return v.leave("")
	}
	return v.address("step"), nil
}

// under reports whether the visit is a session's, of an inquiry with one of the statuses.
func (v *visit) under(statuses ...string) bool {
	return v.session != nil && slices.Contains(statuses, v.inquiry.text("status"))
}

// stage tells the pages of an inquiry apart: each step adds a verification, or what could
// not be processed.
func stage(inquiry *resource) string {
	return strconv.Itoa(len(inquiry.many("verifications")) + len(inquiry.many("documents")) + len(inquiry.many("selfies")))
}

// begin starts the inquiry, which is made now if an address named a template, and opens
// a session.
func (v *visit) begin(c *change) error {
	if v.inquiry == nil {
		made, err := v.create(c)
		if err != nil {
			return err
		}
		v.inquiry = made
	}
	inquiry := c.edit(v.inquiry.id)
	if inquiry.text("status") == "created" {
		if err := c.moveInquiry(inquiry, "pending"); err != nil {
			return err
		}
	}
	if v.session == nil {
		session, err := c.usableSession(inquiry)
		if err != nil {
			v.sandbox.expireRefused(v.env, c.now, err)
			return &flowError{http.StatusConflict, "unauthenticated", "The inquiry takes no session any more."}
		}
		v.session, v.token = session, v.sandbox.sessionToken(session, c.now)
	}
	session := c.edit(v.session.id)
	if session.text("status") == "expired" || closed(inquiry) {
		return unauthenticatedFlow()
	}
	c.startSession(session, v.request)
	if steps := c.stepsOf(inquiry); len(steps) > 0 {
		c.moveOn(inquiry, c.stepName(steps[0]))
	}
	v.inquiry = inquiry
	return nil
}

// create makes the inquiry that an address describes, as POST /inquiries does.
func (v *visit) create(c *change) (*resource, error) {
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
	made, err := createInquiry(&call{
		change: c, sandbox: v.sandbox, form: form{version: defaultVersion, inflection: "kebab"}, host: v.sandbox.host(v.request),
		body: map[string]any{"data": map[string]any{"attributes": attributes}, "meta": meta},
	})
	var refused *refusal
	if errors.As(err, &refused) {
		return nil, invalidConfig("The inquiry cannot be made: " + cmp.Or(refused.details, refused.title) + ".")
	}
	if err != nil {
		return nil, err
	}
	return made.one, nil
}

// submit takes the verification of the present step to an outcome.
func (v *visit) submit(c *change, inquiry *resource, outcome string) error {
	steps := c.stepsOf(inquiry)
	at := c.present(inquiry, steps)
	if at == len(steps) {
		return invalidConfig("There is no step left.")
	}
	typ := c.verificationType(steps[at])
	if !slices.Contains(stepOutcomes(typ), outcome) {
		return invalidConfig("Choose one of the outcomes.")
	}
	if err := c.takePart(inquiry); err != nil {
		return unauthenticatedFlow()
	}
	if outcome == "errored" {
		c.evidence(inquiry, evidenceOf(typ), outcome)
	} else {
		c.verify(inquiry, typ, steps[at], outcome)
	}
	next := "done"
	if at = c.present(inquiry, steps); at < len(steps) {
		next = c.stepName(steps[at])
	}
	c.moveOn(inquiry, next)
	return nil
}

// finish ends the inquiry: it is completed, and marked for review where that was
// chosen, or failed.
func (v *visit) finish(c *change, inquiry *resource, outcome string) error {
	moves := map[string][]string{"completed": {"completed"}, "needs_review": {"completed", "needs_review"}, "failed": {"failed"}}[outcome]
	if moves == nil {
		return invalidConfig("Choose one of the outcomes.")
	}
	for _, to := range moves {
		if err := c.moveInquiry(inquiry, to); err != nil {
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
	to, err := url.Parse(cmp.Or(v.query.Get("redirect-uri"), v.inquiry.text(redirectURI)))
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil
	}
	fields, _ := json.Marshal(v.inquiry.attributes["fields"]) // maps, texts and numbers
	query := to.Query()
	query.Set("inquiry-id", v.inquiry.id)
	query.Set("status", v.inquiry.text("status"))
	query.Set("fields", string(fields))
	if reference := v.inquiry.text("reference-id"); reference != "" {
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
		query.Set("inquiry-id", v.inquiry.id)
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
			if origin := originOf(value); origin != "" {
				origins = append(origins, origin)
			}
		}
	}
	return origins
}

// originOf is the origin of an address on the web, or "".
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// readSessionToken returns the id of a token's session, if the token is this sandbox's
// and its time is not over.
func (s *Sandbox) readSessionToken(token string) (sessionID string, ok bool) {
	text, _, _ := cutLast(token, ".")
	var claims struct {
		Sub string
		Exp int64
	}
	_, part, _ := strings.Cut(text, ".")
	if token != s.signToken(text) || !decodePart(part, &claims) {
		return "", false
	}
	return claims.Sub, s.clock.now().Before(time.Unix(claims.Exp, 0))
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}
