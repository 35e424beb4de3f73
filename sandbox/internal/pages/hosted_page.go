package pages

import (
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// hostedPage is the content of a page of the flow.
type hostedPage struct {
	words
	Title       string
	Text        []string
	Environment string
	InquiryID   string
	Variant     string // light or dark, if the address asks for it
	Steps       []hostedStep
	Person      []hostedField
	Form        *hostedForm
	Next        template.URL // where a person goes at the end

	Target   string // the origin of the page that contains this one
	Messages string // for that page, as JSON; empty for none
	messages []message
	redirect *url.URL
}

type hostedStep struct {
	Name  string
	State string // done, now or open
}

type hostedField struct{ Name, Value string }

type hostedForm struct {
	Action   string
	Question string
	Choices  []hostedChoice
	At       string // identifies the page: see stage
	Do       string
	Button   string
	Skip     bool
	Cancel   bool
	Details  *hostedDetails // what else a person may choose
}

type hostedChoice struct {
	Value, Name, Text string
	Chosen            bool
}

// message is a message to the page that contains this one (npm: persona, version 5).
type message struct {
	Name              string         `json:"name"`
	ContainerID       string         `json:"containerId,omitempty"`
	TemplateID        string         `json:"templateId,omitempty"`
	TemplateVersionID string         `json:"templateVersionId,omitempty"`
	Metadata          map[string]any `json:"metadata"` // an object, if only an empty one: the package reads from it
	Error             error          `json:"error,omitempty"`
}

// newHostedPage returns an empty page in the language and the colours that a request asks for.
func newHostedPage(r *http.Request) *hostedPage {
	p := &hostedPage{words: newWords(languageOf(r))}
	for _, name := range []string{"style-variant", "styleVariant", "theme"} {
		if variant := r.URL.Query().Get(name); variant == "light" || variant == "dark" {
			p.Variant = variant
		}
	}
	return p
}

// Language is the language of the page's own words.
func (p *hostedPage) Language() string { return p.lang }

// Say returns one of the page's own texts.
func (p *hostedPage) Say(key string, args ...any) string { return p.say(key, args...) }

// tell adds a message to the page that contains this one, if there is one.
func (p *hostedPage) tell(v *visit, name string, metadata map[string]any, err error) {
	if v == nil || v.path != "/widget" {
		return
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	templateID := cmp.Or(v.query.Get("inquiry-template-id"), v.query.Get("template-id"))
	p.Target = originOf(v.query.Get("message-target-origin"))
	if p.Target == "" {
		p.Target = originOf(v.query.Get("iframe-origin"))
	}
	p.messages = append(p.messages, message{name, v.query.Get("container-id"), templateID, v.query.Get("inquiry-template-version-id"), metadata, err})
	text, _ := json.Marshal(p.messages) // texts and maps
	p.Messages = string(text)
}

// formTargets returns where the form may lead in addition to this site. Browsers check the
// redirects after a form too, including those of the host's own pages.
func (p *hostedPage) formTargets() []string {
	if p.redirect == nil {
		return nil
	}
	targets := []string{"http:", "https:"}
	if scheme := p.redirect.Scheme + ":"; !slices.Contains(targets, scheme) {
		targets = append(targets, scheme)
	}
	return targets
}

// stepOutcomes returns the outcomes that a person can choose for a type of verification. Only
// an upload can end in an error.
func stepOutcomes(typ string) []string {
	outcomes := []string{"passed", "failed", "requires_retry", "skipped"}
	if resources.EvidenceType(typ) != "" {
		outcomes = append(outcomes, "errored")
	}
	return outcomes
}

// show returns the page of a visit.
func (v *visit) show() (*hostedPage, error) {
	c := engine.NewChange(v.env, v.engine.Now())
	p := newHostedPage(v.request)
	p.Environment = v.env.Name
	if v.inquiry != nil {
		p.InquiryID = v.inquiry.ID
	}
	p.redirect = v.redirect()
	event := v.query.Get("event")
	if event == "" {
		p.tell(v, "load", nil, nil)
		p.tell(v, "ready", map[string]any{"preferredDimensions": map[string]any{"minimumHeight": "600px"}}, nil)
	}
	if event == "exit" && (v.session == nil || v.session.Text("status") == "expired") {
		v.showExit(p)
		return p, nil
	}
	if v.inStatus("created", "pending", "expired") && v.session.Text("status") == "expired" {
		return nil, unauthenticatedFlow()
	}
	if v.session == nil || v.inquiry.Text("status") == "created" {
		return p, v.showStart(c, p)
	}
	if v.session.Text("status") == "new" && !resources.Closed(v.inquiry) { // a new session of an inquiry that was started before
		return p, v.showStart(c, p)
	}
	p.tell(v, "inquiry-load", map[string]any{"inquiryId": v.inquiry.ID, "sessionToken": v.token}, nil)
	if event == "start" {
		p.tell(v, "start", map[string]any{"inquiryId": v.inquiry.ID, "sessionToken": v.token}, nil)
	}
	p.tell(v, "page-change", nil, nil)
	switch status := v.inquiry.Text("status"); {
	case status == "pending":
		v.showStep(c, p)
	default:
		v.showEnd(p, status)
	}
	return p, nil
}

// showExit is the page for a person who left.
func (v *visit) showExit(p *hostedPage) {
	p.Title, p.Text = p.say("left"), []string{p.say("left text")}
	metadata := map[string]any{}
	if v.session != nil {
		p.Text = []string{p.say("left come back")}
		metadata["inquiryId"], metadata["sessionToken"] = v.inquiry.ID, v.token
	}
	p.tell(v, "exit", metadata, nil)
}

func (v *visit) showStart(c *engine.Change, p *hostedPage) error {
	p.tell(v, "page-change", nil, nil)
	p.Title, p.Text = p.say("start"), []string{p.say("start text")}
	chosen := v.templateOf(c)
	if chosen == nil {
		return invalidConfig("error template")
	}
	if chosen.Text("status") != "active" {
		return newFlowError(http.StatusUnprocessableEntity, "inactive_template", "error template status")
	}
	p.Steps = p.steps(c, fixtures.Steps(chosen), -1)
	p.Form = &hostedForm{Action: v.request.URL.RequestURI(), Do: "begin", Button: p.say("begin"), Cancel: true, Details: p.sessionDetails()}
	return nil
}

// templateOf returns the inquiry template of a visit, or nil.
func (v *visit) templateOf(c *engine.Change) *storage.Resource {
	id := v.query.Get("inquiry-template-id")
	if version := c.Get(v.query.Get("inquiry-template-version-id")); version != nil {
		id = version.One("inquiry-template")
	}
	if v.inquiry != nil {
		id = v.inquiry.One("inquiry-template")
	}
	if found := c.Get(id); found != nil && found.Typ == "inquiry-template" {
		return found
	}
	return nil
}

func (v *visit) showStep(c *engine.Change, p *hostedPage) {
	steps := stepsOf(c, v.inquiry)
	at := currentStep(c, v.inquiry, steps)
	p.Steps = p.steps(c, steps, at)
	p.Form = &hostedForm{Action: v.address("step"), At: stage(v.inquiry), Do: "submit", Cancel: true}
	if at == len(steps) {
		p.Title, p.Text = p.say("done"), []string{p.say("done text")}
		v.askForEnd(c, p)
		p.Person = p.personOf(v.inquiry)
		return
	}
	name := stepName(c, steps[at])
	p.Title, p.Text = p.stepTitle(name), []string{p.stepText(name)}
	p.Form.Question, p.Form.Button, p.Form.Skip = p.say("outcome"), p.say("submit"), true
	p.Form.Details = p.verificationDetails(fixtures.VerificationType(c, steps[at]), heldFor(v.inquiry, steps[at]))
	for _, outcome := range stepOutcomes(fixtures.VerificationType(c, steps[at])) {
		if outcome != "skipped" { // it has a button of its own
			p.Form.Choices = append(p.Form.Choices, hostedChoice{outcome, p.say(outcome), p.say(outcome + " text"), outcome == "passed"})
		}
	}
}

// askForEnd offers the outcomes of an inquiry. The selected one fits the outcomes of the
// steps.
func (v *visit) askForEnd(c *engine.Change, p *hostedPage) {
	failed := slices.ContainsFunc(v.inquiry.Many("verifications"), func(id storage.Identifier) bool { return c.Get(id.ID).Text("status") == "failed" })
	p.Form.Question, p.Form.Do, p.Form.Button = p.say("end"), "finish", p.say("finish")
	fits := map[bool]string{true: "failed", false: "completed"}[failed]
	for _, end := range []string{"completed", "failed", "needs_review"} {
		p.Form.Choices = append(p.Form.Choices, hostedChoice{end, p.say("end " + end), p.say("end " + end + " text"), end == fits})
	}
}

func (v *visit) showEnd(p *hostedPage, status string) {
	fields := v.fields()
	name := "complete"
	if status == "failed" {
		name = "fail"
	}
	p.tell(v, name, map[string]any{"inquiryId": v.inquiry.ID, "status": status, "fields": fields}, nil)
	p.Title, p.Text = p.say("thanks"), []string{p.say("thanks text", p.status(status))}
	if v.path == "/verify" && p.redirect != nil {
		p.Next = template.URL(p.redirect.String()) // redirectURI allows no scheme that runs a script
	}
}

// stepsOf returns the verification templates of an inquiry, in the order of the steps.
func stepsOf(c *engine.Change, inquiry *storage.Resource) []string {
	return fixtures.Steps(c.Get(inquiry.One("inquiry-template")))
}

// currentStep returns the index of the first step whose verification is missing or must be
// repeated.
func currentStep(c *engine.Change, inquiry *storage.Resource, steps []string) int {
	done := map[string]bool{}
	for _, id := range inquiry.Many("verifications") {
		v := c.Get(id.ID)
		done[v.One("verification-template")] = v.Text("status") != "requires_retry"
	}
	at := slices.IndexFunc(steps, func(step string) bool { return !done[step] })
	if at < 0 {
		return len(steps)
	}
	return at
}

// stepName returns the name of the step of a verification template, such as government-id.
func stepName(c *engine.Change, templateID string) string {
	return strings.TrimPrefix(fixtures.VerificationType(c, templateID), "verification/")
}

func (p *hostedPage) steps(c *engine.Change, steps []string, at int) []hostedStep {
	var shown []hostedStep
	for i, step := range steps {
		state := "open"
		switch {
		case i < at:
			state = "done"
		case i == at:
			state = "now"
		}
		shown = append(shown, hostedStep{p.stepTitle(stepName(c, step)), state})
	}
	return shown
}

// personOf returns the fields of an inquiry that have a value.
func (w words) personOf(inquiry *storage.Resource) []hostedField {
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	var shown []hostedField
	for name := range fields {
		if text := engine.TextOf(engine.FieldAt(fields, name)); text != "" {
			shown = append(shown, hostedField{w.field(name), text})
		}
	}
	slices.SortFunc(shown, func(a, b hostedField) int { return strings.Compare(a.Name, b.Name) })
	return shown
}
