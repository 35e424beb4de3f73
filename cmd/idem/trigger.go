package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/idemhq/idem/cmd/idem/internal/progress"
	"github.com/idemhq/idem/cmd/idem/internal/scenario"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/sandbox"
)

type triggerCommand struct {
	output
	account
	Scenario string `arg:"" optional:"" help:"The scenario: ${scenarios}. The default is to list them."`

	Reference string   `placeholder:"ID" help:"Your reference id of the person. The default is an invented one."`
	Set       []string `sep:"none" placeholder:"NAME=VALUE" help:"A field of the inquiry, such as email-address=ann@example.com. A value that is valid JSON, such as 42, keeps its type. Persona's sandbox replaces the name, the birthdate and the address when a verification passes. Repeatable."`
	Tag       []string `placeholder:"TAG" help:"A tag of the inquiry. Repeatable."`
	Undecided bool     `help:"Do not approve or decline: leave the decision to your rules."`
	Count     int      `default:"20" placeholder:"N" help:"The number of people in a burst (${default})."`

	Template       string   `placeholder:"ITMPL" env:"IDEM_INQUIRY_TEMPLATE" help:"The inquiry template (itmpl_…). The local sandbox has one."`
	Verification   []string `placeholder:"VTMPL" env:"IDEM_VERIFICATION_TEMPLATES" help:"A verification template (vtmpl_…) of the inquiry template. Repeatable. The local sandbox has one for a government ID and one for a selfie. Without any, no verification is simulated."`
	ReportTemplate string   `placeholder:"RPTP" env:"IDEM_REPORT_TEMPLATE" help:"The report template (rptp_…) that watchlist-hit and business need. The local sandbox has one for each."`
}

func (triggerCommand) Help() string {
	return `It uses only Persona's API, so Persona sends the events and webhooks itself. It does not work in production.

` + examples(
		`# At the local sandbox, which "idem sandbox" or "idem dev" runs`,
		`idem trigger approve --local`,
		`idem trigger decline --local --reference user-1042 --undecided`,
		`idem trigger burst --local --count 200 --json`,
		`# In your sandbox environment at Persona`,
		`idem trigger fail-retry-pass --template itmpl_… --verification vtmpl_… --set email-address=ann@example.com`,
		`idem trigger watchlist-hit --template itmpl_… --report-template rptp_…`)
}

// Validate checks the scenario and the environment.
func (c triggerCommand) Validate() error {
	if c.Environment == "production" {
		return errors.New("scenarios work only in the sandbox environment: Persona has no simulate actions in production")
	}
	if c.Count < 1 {
		return errors.New("--count must be at least 1")
	}
	if c.Scenario == "" {
		return nil
	}
	_, err := scenario.Find(c.Scenario)
	return err
}

func (c triggerCommand) Run(ctx context.Context, std streams) error {
	if c.Scenario == "" {
		return c.print(std.out, scenarioList(), printScenarios)
	}
	s, err := scenario.Find(c.Scenario)
	if err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	bar := progress.New(std.err, c.Scenario)
	options.Progress = func(done, of int) {
		bar.Show(float64(done)/float64(of), fmt.Sprintf("%d of %d people", done, of))
	}
	result, err := s.Play(ctx, client, options)
	bar.End()
	if len(result.People) > 0 { // after an error too
		err = errors.Join(err, c.print(std.out, result, func(w io.Writer) { printResult(w, result) }))
	}
	return refused(err)
}

func (c triggerCommand) options() (scenario.Options, error) {
	o := scenario.Options{
		InquiryTemplate: c.Template, VerificationTemplates: c.Verification, ReportTemplate: c.ReportTemplate,
		Reference: c.Reference, Tags: c.Tag, Undecided: c.Undecided, Count: c.Count, Fields: map[string]any{},
	}
	for _, field := range c.Set {
		name, value, ok := strings.Cut(field, "=")
		if !ok || name == "" {
			return o, fmt.Errorf("--set %q is not NAME=VALUE", field)
		}
		var parsed any
		if json.Unmarshal([]byte(value), &parsed) != nil {
			parsed = value // a string needs no quotes
		}
		o.Fields[name] = parsed
	}
	if c.Local {
		c.useFixtures(&o)
	}
	if o.InquiryTemplate == "" {
		return o, errors.New("no inquiry template: set --template (or IDEM_INQUIRY_TEMPLATE), or use the local sandbox with --local")
	}
	return o, nil
}

// useFixtures sets the templates that every local sandbox has.
func (c triggerCommand) useFixtures(o *scenario.Options) {
	if o.InquiryTemplate == "" {
		o.InquiryTemplate = sandbox.InquiryTemplateID
	}
	if len(o.VerificationTemplates) == 0 {
		o.VerificationTemplates = []string{sandbox.GovernmentIDTemplateID, sandbox.SelfieTemplateID}
	}
	if o.ReportTemplate == "" {
		o.ReportTemplate = map[string]string{
			"watchlist-hit": sandbox.WatchlistReportTemplateID, "business": sandbox.BusinessWatchlistReportTemplateID,
		}[c.Scenario]
	}
}

// explained is a scenario in the list.
type explained struct {
	Name string `json:"name"`
	Help string `json:"help"`
	Note string `json:"note,omitempty"`
}

func scenarioList() (list []explained) {
	for _, s := range scenario.All() {
		list = append(list, explained{s.Name, s.Help, s.Note})
	}
	return list
}

func printScenarios(w io.Writer) {
	var rows [][]string
	for _, s := range scenarioList() {
		rows = append(rows, []string{s.Name, s.Help})
		if s.Note != "" {
			rows = append(rows, []string{"", show.Faint(s.Note)})
		}
	}
	show.Table(w, rows)
}

func printResult(w io.Writer, r scenario.Result) {
	rows := [][]string{{"REFERENCE", "INQUIRY", "ACCOUNT", "STATUS"}}
	for _, p := range r.People {
		rows = append(rows, []string{p.Reference, p.Inquiry, p.Account, p.Status})
	}
	show.Table(w, rows)
	for _, p := range r.People {
		for _, id := range append(p.Verifications, p.Reports...) {
			if len(r.People) <= 2 { // not for a burst
				fmt.Fprintf(w, "%s  %s\n", p.Inquiry, id)
			}
		}
	}
	if r.Note != "" {
		fmt.Fprintln(w, show.Faint("Note: "+r.Note))
	}
}
