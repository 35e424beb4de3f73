package seed

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// seedInquiry is an inquiry with what happened in its flow.
type seedInquiry struct {
	ID            string         `yaml:"id"`
	Template      string         `yaml:"template"` // the id of an inquiry template; by default the fixtures'
	Account       string         `yaml:"account"`  // the id of an account
	ReferenceID   string         `yaml:"reference_id"`
	Status        string         `yaml:"status"` // by default created
	Tags          []string       `yaml:"tags"`
	Note          string         `yaml:"note"`
	Fields        map[string]any `yaml:"fields"`  // bare values, as in a request
	Signals       map[string]any `yaml:"signals"` // of the person's behavior
	Sessions      []seedSession  `yaml:"sessions"`
	Verifications []seedOutcome  `yaml:"verifications"`
}

// seedSession is a session of an inquiry that nobody has opened yet.
type seedSession struct {
	ID      string         `yaml:"id"`
	Signals map[string]any `yaml:"signals"`
}

// seedOutcome is a verification that a person submitted.
type seedOutcome struct {
	ID        string          `yaml:"id"`
	Type      string          `yaml:"type"`    // such as government-id
	Outcome   string          `yaml:"outcome"` // by default passed
	Checks    []finding.Check `yaml:"checks"`
	Extracted map[string]any  `yaml:"extracted"`
}

// seedReport is a report. It belongs to an inquiry, an account or both.
type seedReport struct {
	ID      string         `yaml:"id"`
	Type    string         `yaml:"type"` // such as watchlist
	Account string         `yaml:"account"`
	Inquiry string         `yaml:"inquiry"`
	Query   map[string]any `yaml:"query"`
	Signals map[string]any `yaml:"signals"` // what it finds
	Pending bool           `yaml:"pending"` // it has not run yet
}

type seedCase struct {
	ID       string         `yaml:"id"`
	Template string         `yaml:"template"` // the id of a case template; by default the fixtures'
	Status   string         `yaml:"status"`
	Tags     []string       `yaml:"tags"`
	Fields   map[string]any `yaml:"fields"`
	Objects  []string       `yaml:"objects"` // ids of accounts, inquiries, reports, transactions and verifications
}

// inquiryStatuses returns the statuses of an inquiry before the one it ends in.
func inquiryStatuses(status string, submitted bool) []string {
	switch status {
	case "created":
		return nil
	case "expired":
		if !submitted {
			return []string{"expired"}
		}
		return []string{"pending", "expired"}
	case "pending":
		return []string{"pending"}
	case "completed", "failed":
		return []string{"pending", status}
	case "needs_review", "approved", "declined":
		return []string{"pending", "completed", status}
	}
	return nil
}

func allInquiryStatuses() []string {
	return []string{"created", "pending", "completed", "failed", "expired", "needs_review", "approved", "declined"}
}

// applyObjects adds the inquiries, reports and cases of an environment.
func (s *seeder) applyObjects(content seedEnvironment) error {
	for i, inquiry := range content.Inquiries {
		if err := s.applyInquiry(s.path("inquiries", i), inquiry); err != nil {
			return err
		}
	}
	for i, report := range content.Reports {
		if err := s.applyReport(s.path("reports", i), report); err != nil {
			return err
		}
	}
	for i, r := range content.Cases {
		if err := s.applyCase(s.path("cases", i), r); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) applyInquiry(path string, inquiry seedInquiry) error {
	inquiry.Status = cmp.Or(inquiry.Status, "created")
	if !slices.Contains(allInquiryStatuses(), inquiry.Status) {
		return s.problem(path+".status", "status must be "+strings.Join(allInquiryStatuses(), ", ")+spelling.DidYouMean(inquiry.Status, allInquiryStatuses()))
	}
	if inquiry.Status == "created" && len(inquiry.Verifications) > 0 {
		return s.problem(path+".status", "an inquiry with verifications is not created any more, but pending or later")
	}
	made, err := s.create(path, "Inquiries.Create", "inq", inquiry.ID, attributesBody(map[string]any{
		"inquiry-template-id": cmp.Or(inquiry.Template, fixtures.InquiryTemplateID), "account-id": nilIfEmpty(inquiry.Account), "reference-id": nilIfEmpty(inquiry.ReferenceID),
		"tags": nilIfEmpty(inquiry.Tags), "note": nilIfEmpty(inquiry.Note), "fields": nilIfEmpty(inquiry.Fields),
	}), nil)
	if err != nil {
		return err
	}
	c := s.change()
	if err := s.play(path, c, c.Edit(made.ID), inquiry); err != nil {
		return err
	}
	c.StoreSilently()
	return nil
}

// play brings an inquiry to its status, with its sessions and verifications.
func (s *seeder) play(path string, c *engine.Change, r *storage.Resource, inquiry seedInquiry) error {
	if len(inquiry.Signals) > 0 {
		if err := s.refused(path+".signals", risk.SetBehaviors(c, r, numbers(inquiry.Signals))); err != nil {
			return err
		}
	}
	for i, session := range inquiry.Sessions {
		if err := s.applySession(fmt.Sprintf("%s.sessions[%d]", path, i), c, r, session); err != nil {
			return err
		}
	}
	statuses := inquiryStatuses(inquiry.Status, len(inquiry.Verifications) > 0)
	for i, status := range statuses {
		if err := s.refused(path+".status", resources.MoveInquiry(c, r, status)); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		for j, v := range inquiry.Verifications {
			if err := s.applyVerification(fmt.Sprintf("%s.verifications[%d]", path, j), c, r, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seeder) applySession(path string, c *engine.Change, inquiry *storage.Resource, session seedSession) error {
	id, err := s.id(path+".id", session.ID, "iqse")
	if err != nil {
		return err
	}
	c.UseID("iqse", id)
	made, err := resources.NewSession(c, inquiry)
	if err == nil && len(session.Signals) > 0 {
		err = risk.SetSession(c, made, numbers(session.Signals))
	}
	return s.refused(path, err)
}

func (s *seeder) applyVerification(path string, c *engine.Change, inquiry *storage.Resource, v seedOutcome) error {
	id, err := s.id(path+".id", v.ID, "ver")
	if err != nil {
		return err
	}
	typ, outcome := "verification/"+v.Type, cmp.Or(v.Outcome, "passed")
	if catalog.Shapes()[typ][0] == "" {
		var types []string
		for typ := range catalog.Shapes() {
			if kind, ok := strings.CutPrefix(typ, "verification/"); ok {
				types = append(types, kind)
			}
		}
		return s.problem(path+".type", fmt.Sprintf("there is no verification %q%s", v.Type, spelling.DidYouMean(v.Type, types)))
	}
	if resources.VerificationSteps(typ, outcome) == nil {
		return s.problem(path, fmt.Sprintf("there is no %s that ends as %s%s", typ, outcome, spelling.DidYouMean(outcome, resources.VerificationOutcomes(typ))))
	}
	for i := range v.Checks {
		v.Checks[i].Metadata = numbers(v.Checks[i].Metadata)
	}
	c.UseID("ver", id)
	_, err = resources.AddVerification(c, inquiry, typ, "", outcome, finding.Chosen{Checks: v.Checks, Extracted: numbers(v.Extracted)})
	return s.refused(path, err)
}

func (s *seeder) applyReport(path string, report seedReport) error {
	id, err := s.id(path+".id", report.ID, "rep")
	if err != nil {
		return err
	}
	template, types := "", []string{}
	for candidate, typ := range fixtures.ReportTemplates() {
		kind := strings.TrimPrefix(typ, "report/")
		types = append(types, kind)
		if kind == report.Type {
			template = candidate
		}
	}
	if template == "" {
		return s.problem(path, fmt.Sprintf("there is no report %q%s", report.Type, spelling.DidYouMean(report.Type, types)))
	}
	c := s.change()
	account, inquiry := c.Get(report.Account), c.Edit(report.Inquiry)
	switch {
	case report.Account != "" && (account == nil || account.Typ != "account"):
		return s.problem(path+".account", "there is no account with this id")
	case report.Inquiry != "" && (inquiry == nil || inquiry.Typ != "inquiry"):
		return s.problem(path+".inquiry", "there is no inquiry with this id")
	case account == nil && inquiry != nil:
		account = c.Get(inquiry.One("account"))
	}
	query, typ := numbers(report.Query), "report/"+report.Type
	if err := s.refused(path+".query", reportkind.CheckQuery(typ, query)); err != nil {
		return err
	}
	c.UseID("rep", id)
	r := s.newReport(c, typ, template, query, account, inquiry)
	if err := s.refused(path+".signals", risk.SetReport(r, numbers(report.Signals))); err != nil {
		return err
	}
	if !report.Pending {
		resources.RunReport(c, r)
	}
	c.StoreSilently()
	return nil
}

// newReport creates a report of an inquiry, or of an account's latest one.
func (s *seeder) newReport(c *engine.Change, typ, template string, query map[string]any, account, inquiry *storage.Resource) *storage.Resource {
	if inquiry == nil {
		return resources.NewAccountReport(c, typ, template, query, account)
	}
	return resources.NewReport(c, typ, template, query, account, inquiry)
}

func (s *seeder) applyCase(path string, r seedCase) error {
	body := attributesBody(map[string]any{"case-template-id": cmp.Or(r.Template, fixtures.CaseTemplateID), "fields": nilIfEmpty(r.Fields)})
	if len(r.Objects) > 0 {
		body["meta"] = map[string]any{"object-ids": r.Objects}
	}
	made, err := s.create(path, "Cases.Create", "case", r.ID, body, nil)
	if err != nil {
		return err
	}
	if r.Status != "" {
		if _, err := s.perform(path+".status", s.change(), "Cases.SetStatus", map[string]any{"meta": map[string]any{"status": r.Status}}, nil, made.ID); err != nil {
			return err
		}
	}
	if len(r.Tags) > 0 {
		if _, err := s.perform(path+".tags", s.change(), "Cases.SetTags", map[string]any{"meta": map[string]any{"tag-name": r.Tags}}, nil, made.ID); err != nil {
			return err
		}
	}
	return nil
}

// refused returns an error with the position of what was refused, or nil.
func (s *seeder) refused(path string, err error) error {
	var refusal *engine.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return s.problem(path, cmp.Or(refusal.Details, refusal.Title))
	default:
		return s.problem(path, err.Error())
	}
}

// numbers returns an object of a file with numbers, lists and objects as JSON has them.
func numbers(object map[string]any) map[string]any {
	if object == nil {
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		return object
	}
	var plain map[string]any
	_ = json.Unmarshal(text, &plain) // valid JSON
	return plain
}
