package scenario

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
)

// stage is the state of a running scenario. It is not for concurrent use.
type stage struct {
	Options
	client *persona.Client
	people []Person
}

// enter creates an inquiry for a new person, with an account.
func (s *stage) enter(ctx context.Context, reference string, fields map[string]any) (*Person, error) {
	all := maps.Clone(fields)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, s.Fields)
	params := persona.InquiryCreateParams{AutoCreateAccountReferenceID: persona.Set(reference)}
	if strings.HasPrefix(s.InquiryTemplate, "tmpl_") {
		params.TemplateID = persona.Set(s.InquiryTemplate)
	} else {
		params.InquiryTemplateID = persona.Set(s.InquiryTemplate)
	}
	if len(all) > 0 {
		params.Fields = persona.Set(all)
	}
	if len(s.Tags) > 0 {
		params.Tags = persona.Set(s.Tags)
	}
	inquiry, err := s.client.Inquiries.Create(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("create an inquiry: %w", err)
	}
	s.people = append(s.people, Person{Reference: reference, Reports: []string{}})
	person := &s.people[len(s.people)-1]
	person.see(&inquiry.Inquiry)
	return person, nil
}

// see copies the ids and the status of an inquiry.
func (p *Person) see(inquiry *persona.Inquiry) {
	p.Inquiry, p.Status = inquiry.ID, string(inquiry.Attributes.Status)
	if account := inquiry.Relationships.Account.Data; account != nil {
		p.Account = account.ID
	}
	p.Verifications = []string{}
	for _, v := range inquiry.Relationships.Verifications.Data {
		p.Verifications = append(p.Verifications, v.ID)
	}
}

// simulate performs simulate actions on the person's inquiry.
func (s *stage) simulate(ctx context.Context, p *Person, actions ...persona.SimulateAction) error {
	inquiry, err := s.client.Inquiries.PerformSimulateActions(ctx, p.Inquiry, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions})
	if err != nil {
		return fmt.Errorf("simulate %s of %s: %w", actions[len(actions)-1].Type, p.Inquiry, err)
	}
	p.see(inquiry)
	return nil
}

// needsReport fails unless there is a template for reports of a type.
func (s *stage) needsReport(kind string) error {
	if s.ReportTemplate == "" {
		return fmt.Errorf("no report template is given: this scenario needs one of the type %s", kind)
	}
	return nil
}

// A report is ready after seconds. A scenario that has waited in vain goes on without it.
const (
	reportTimeout  = 30 * time.Second
	reportInterval = 500 * time.Millisecond
)

// report runs a report about the account of a person, and waits until it is ready, so that
// rules about its result can decide when the inquiry is completed.
func (s *stage) report(ctx context.Context, p *Person, kind string, query persona.ReportQuery) error {
	report, err := s.client.Reports.Create(ctx, persona.ReportCreateParams{
		Type: persona.Set(kind), ReportTemplateID: persona.Set(s.ReportTemplate), AccountID: persona.Set(p.Account), Query: persona.Set(query),
	})
	if err != nil {
		return fmt.Errorf("create a report about %s: %w", p.Account, err)
	}
	id := report.Identifier().ID
	p.Reports = append(p.Reports, id)
	for range int(reportTimeout / reportInterval) {
		current, err := s.client.Reports.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("read %s: %w", id, err)
		}
		if current.Attributes.Status != persona.ReportStatusPending {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(reportInterval):
		}
	}
	return nil
}

func action(name string) persona.SimulateAction { return persona.SimulateAction{Type: name} }

// each returns an action for each verification template.
func (s *stage) each(name string) []persona.SimulateAction {
	var actions []persona.SimulateAction
	for _, template := range s.VerificationTemplates {
		actions = append(actions, persona.SimulateAction{Type: name, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: template})})
	}
	return actions
}

// passing returns the actions of a person who passes everything.
func (s *stage) passing() []persona.SimulateAction {
	return append(append([]persona.SimulateAction{action("start_inquiry")}, s.each("create_passed_verification")...), action("complete_inquiry"))
}

// decided appends a decision, unless it is left to the rules.
func (s *stage) decided(actions []persona.SimulateAction, name string) []persona.SimulateAction {
	if s.Undecided {
		return actions
	}
	return append(actions, action(name))
}
