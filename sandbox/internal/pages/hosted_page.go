package pages

import (
	"cmp"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// hostedPage is the content of a page of the flow.
type hostedPage struct {
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
	p := &hostedPage{Environment: v.env.Name}
	if variant := v.query.Get("style-variant"); variant == "light" || variant == "dark" {
		p.Variant = variant
	}
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
	p.Title, p.Text = "You left", []string{"You can close this page."}
	metadata := map[string]any{}
	if v.session != nil {
		p.Text = []string{"Nothing is lost: you can continue with a new link or a new session."}
		metadata["inquiryId"], metadata["sessionToken"] = v.inquiry.ID, v.token
	}
	p.tell(v, "exit", metadata, nil)
}

func (v *visit) showStart(c *engine.Change, p *hostedPage) error {
	p.tell(v, "page-change", nil, nil)
	p.Title = "Verify your identity"
	p.Text = []string{"Choose the outcome of each step."}
	chosen := v.templateOf(c)
	if chosen == nil {
		return invalidConfig("There is no template with this id.")
	}
	if chosen.Text("status") != "active" {
		return &flowError{422, "inactive_template", "The template is not active."}
	}
	p.Steps = hostedSteps(c, fixtures.Steps(chosen), -1)
	p.Form = &hostedForm{Action: v.request.URL.RequestURI(), Do: "begin", Button: "Begin verifying", Cancel: true, Details: sessionDetails()}
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
	p.Steps = hostedSteps(c, steps, at)
	p.Form = &hostedForm{Action: v.address("step"), At: stage(v.inquiry), Do: "submit", Cancel: true}
	if at == len(steps) {
		p.Title = "You are done"
		p.Text = []string{"What becomes of the inquiry?"}
		v.askForEnd(c, p.Form)
		p.Person = personOf(v.inquiry)
		return
	}
	name := stepName(c, steps[at])
	p.Title = stepTitle(name)
	p.Text = []string{stepText(name)}
	p.Form.Question, p.Form.Button, p.Form.Skip = "Outcome", "Submit", true
	p.Form.Choices = []hostedChoice{
		{"passed", "Passes", "All checks pass.", true},
		{"failed", "Fails", "A required check fails.", false},
		{"requires_retry", "Has to be repeated", "The person is asked again.", false},
	}
	p.Form.Details = verificationDetails(fixtures.VerificationType(c, steps[at]))
	if slices.Contains(stepOutcomes(fixtures.VerificationType(c, steps[at])), "errored") {
		p.Form.Choices = append(p.Form.Choices, hostedChoice{"errored", "Ends in an error", "What was uploaded cannot be processed, nothing is verified, and the person is asked again.", false})
	}
}

// askForEnd offers the outcomes of an inquiry. The selected one fits the outcomes of the
// steps.
func (v *visit) askForEnd(c *engine.Change, form *hostedForm) {
	failed := slices.ContainsFunc(v.inquiry.Many("verifications"), func(id storage.Identifier) bool { return c.Get(id.ID).Text("status") == "failed" })
	form.Question, form.Do, form.Button = "Outcome of the inquiry", "finish", "Finish"
	form.Choices = []hostedChoice{
		{"completed", "Completed", "What Persona does when everything was submitted.", !failed},
		{"failed", "Failed", "What it does when a step failed for good.", failed},
		{"needs_review", "Completed, and marked for review", "What a workflow does with a doubtful one.", false},
	}
}

func (v *visit) showEnd(p *hostedPage, status string) {
	fields := v.inquiry.Attributes["fields"]
	name := "complete"
	if status == "failed" {
		name = "fail"
	}
	p.tell(v, name, map[string]any{"inquiryId": v.inquiry.ID, "status": status, "fields": fields}, nil)
	p.Title, p.Text = "Thank you", []string{"The inquiry is " + webpage.Words(status) + ". You can close this page."}
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

func hostedSteps(c *engine.Change, steps []string, at int) []hostedStep {
	var shown []hostedStep
	for i, step := range steps {
		state := "open"
		switch {
		case i < at:
			state = "done"
		case i == at:
			state = "now"
		}
		shown = append(shown, hostedStep{stepTitle(stepName(c, step)), state})
	}
	return shown
}

func stepTitle(name string) string {
	switch name {
	case "government-id":
		return "Government ID"
	case "selfie":
		return "Selfie"
	case "database":
		return "Personal details"
	case "document":
		return "Document"
	default:
		return webpage.Words(name)
	}
}

func stepText(name string) string {
	switch name {
	case "government-id":
		return "Here a person takes pictures of a passport, a driver licence or an ID card."
	case "selfie":
		return "Here a person takes pictures of their face."
	case "database":
		return "Here what a person entered is compared with records."
	case "document":
		return "Here a person uploads a document, such as a utility bill."
	default:
		return "Here a person submits what this step asks for."
	}
}

// personOf returns the fields of an inquiry that have a value.
func personOf(inquiry *storage.Resource) []hostedField {
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	var shown []hostedField
	for name := range fields {
		if text := engine.TextOf(engine.FieldAt(fields, name)); text != "" {
			shown = append(shown, hostedField{webpage.Words(name), text})
		}
	}
	slices.SortFunc(shown, func(a, b hostedField) int { return strings.Compare(a.Name, b.Name) })
	return shown
}
