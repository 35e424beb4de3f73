package simulation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// person is an applicant, together with the reviewers. It records what they did, for the
// comparison.
type person struct {
	*world
	draw      *rand.Rand
	reference string
	account   string

	redacted  bool // together with the account
	reports   []report
	inquiries []*inquiry // oldest first
}

// report is a report about a person from before the first inquiry ended.
type report struct {
	matches bool
	inquiry string // the inquiry that it belongs to
}

// inquiry records what a person and reviewers did with an inquiry.
type inquiry struct {
	id       string
	attempts []attempt // oldest first
	ended    string    // completed or failed by the person; empty if abandoned
	cases    []string

	touched  bool // somebody other than the service decided on it, its case or its data
	redacted bool
	shares   bool // it shares a case with another inquiry
}

type attempt struct {
	template string
	passed   bool
}

// arrive runs a person's whole life in the simulation.
func (w *world) arrive(number int, within time.Duration) {
	p := &person{world: w, draw: w.plan.stream(1000 + number), reference: fmt.Sprintf("person-%d", number)}
	w.persons = append(w.persons, p)
	w.crowd.Go(func() {
		time.Sleep(upTo(p.draw, within))
		p.live()
	})
}

func (p *person) live() {
	for range 1 + max(0, p.draw.IntN(6)-3) {
		q := p.begin()
		if q == nil {
			return // not allowed: the account is redacted
		}
		p.goThrough(q)
		p.review(q)
		p.pause()
	}
	if p.chance(0.1) {
		p.redactAccount()
	}
}

func (p *person) chance(share float64) bool { return p.draw.Float64() < share }

// pause waits between two things that a person does.
func (p *person) pause() {
	time.Sleep(time.Second) // no two actions at the same time: Persona shows whole seconds
	switch n := p.draw.IntN(20); {
	case n < 5:
	case n < 15:
		time.Sleep(between(p.draw, 10*time.Millisecond, time.Minute))
	case n < 19:
		time.Sleep(between(p.draw, time.Minute, 10*time.Minute))
	default:
		time.Sleep(between(p.draw, time.Hour, 8*time.Hour))
	}
}

// insist repeats an action after errors until it succeeds or is rejected, as people do. It
// reports whether it succeeded.
func (p *person) insist(what string, do func() error) bool {
	var err error
	for range 100 {
		if err = do(); err == nil {
			return true
		}
		if errors.Is(err, persona.ErrConflict) || errors.Is(err, persona.ErrNotFound) || errors.Is(err, persona.ErrInvalid) {
			return false
		}
		time.Sleep(between(p.draw, time.Second, 2*time.Minute))
	}
	p.t.Errorf("%s could not %s: %v", p.reference, what, err)
	return false
}

// begin creates an inquiry with its case and reports.
func (p *person) begin() *inquiry {
	q := &inquiry{}
	ok := p.insist("make an inquiry", func() error {
		life := persona.Optional[int64]{}
		if p.chance(0.2) {
			life = persona.Set(int64(between(p.draw, time.Minute, 5*time.Hour).Seconds()))
		}
		made, err := p.client.Inquiries.Create(p.t.Context(), persona.InquiryCreateParams{
			InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(p.reference), ExpirationAfterCreateIntervalSeconds: life,
		})
		if err == nil {
			q.id = made.ID
			p.account = made.Relationships.Account.Data.ID
		}
		return err
	})
	if !ok {
		return nil
	}
	if p.chance(0.3) && len(p.inquiries) == 0 {
		p.lookUp(q)
	}
	p.inquiries = append(p.inquiries, q)
	if p.chance(0.5) {
		p.openCase(q)
	}
	return q
}

// lookUp runs a watchlist report on a person, for the inquiry or for the account. That of an
// account belongs to its latest inquiry, which is the same one.
func (p *person) lookUp(q *inquiry) {
	r := report{matches: p.chance(0.4), inquiry: q.id}
	name := map[bool]string{true: "Kim Jong Un", false: "Ada Sample"}[r.matches]
	forInquiry := p.chance(0.5)
	made := p.insist("be looked up", func() error {
		if forInquiry {
			_, err := p.sandbox.Act("sandbox", sandbox.Act{Do: "run_report", ID: q.id, Type: "report/watchlist", Query: map[string]any{"term": name}})
			return err
		}
		_, err := p.client.Reports.Create(p.t.Context(), persona.ReportCreateParams{
			ReportTemplateID: persona.Set(sandbox.WatchlistReportTemplateID), AccountID: persona.Set(p.account), Query: persona.Set(persona.ReportQuery{Term: persona.Set(name)}),
		})
		return err
	})
	if !made {
		p.t.Errorf("%s could not be looked up", p.reference)
	}
	p.reports = append(p.reports, r)
	time.Sleep(2 * time.Second) // until the report is ready
}

// openCase creates a case for an inquiry.
func (p *person) openCase(q *inquiry) {
	p.insist("open a case", func() error {
		made, err := p.client.Cases.Create(p.t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{q.id})})
		if err == nil {
			q.cases = append(q.cases, made.ID)
		}
		return err
	})
}

// goThrough lets the person complete, fail or abandon an inquiry.
func (p *person) goThrough(q *inquiry) {
	templates := []string{sandbox.GovernmentIDTemplateID}
	if p.chance(0.7) {
		templates = append(templates, sandbox.SelfieTemplateID)
	}
	for _, template := range templates {
		for tries := 1 + max(0, p.draw.IntN(7)-3); tries > 0; tries-- {
			p.pause()
			if p.chance(0.03) || !p.attempt(q, template, tries == 1 && p.chance(0.75)) {
				return // the person leaves, or the inquiry has expired
			}
		}
	}
	p.pause()
	end := "complete_inquiry"
	if p.chance(0.2) {
		end = "fail_inquiry"
	}
	if p.simulate(q, persona.SimulateAction{Type: end}) {
		q.ended = map[string]string{"complete_inquiry": "completed", "fail_inquiry": "failed"}[end]
	}
}

// attempt submits a verification and reports whether the inquiry accepted it.
func (p *person) attempt(q *inquiry, template string, passes bool) bool {
	kind := map[bool]string{true: "create_passed_verification", false: "create_failed_verification"}[passes]
	taken := p.simulate(q, persona.SimulateAction{Type: kind, Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: template})})
	if taken {
		q.attempts = append(q.attempts, attempt{template, passes})
	}
	return taken
}

func (p *person) simulate(q *inquiry, action persona.SimulateAction) bool {
	return p.insist("go on with the inquiry", func() error {
		_, err := p.client.Inquiries.PerformSimulateActions(p.t.Context(), q.id, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{action}})
		return err
	})
}

// review lets reviewers act on an inquiry, or not.
func (p *person) review(q *inquiry) {
	for p.chance(0.35) {
		p.pause()
		acts := []func(*inquiry){p.approve, p.decline, p.moveCase, p.moveCase, p.detach, p.reopenElsewhere, p.redactInquiry}
		acts[p.draw.IntN(len(acts))](q)
	}
}

func (p *person) approve(q *inquiry) {
	q.touched = true
	p.insist("be approved", func() error {
		_, err := p.client.Inquiries.Approve(p.t.Context(), q.id, persona.InquiryApproveParams{})
		return err
	})
}

func (p *person) decline(q *inquiry) {
	q.touched = true
	p.insist("be declined", func() error {
		_, err := p.client.Inquiries.Decline(p.t.Context(), q.id, persona.InquiryDeclineParams{})
		return err
	})
}

// moveCase changes the status of an inquiry's case, or opens one.
func (p *person) moveCase(q *inquiry) {
	q.touched = true
	if len(q.cases) == 0 {
		p.openCase(q)
		return
	}
	status := []string{"Open", "Pending", "Approved", "Declined"}[p.draw.IntN(4)]
	p.insist("have a case moved", func() error {
		_, err := p.client.Cases.SetStatus(p.t.Context(), q.cases[p.draw.IntN(len(q.cases))], persona.CaseSetStatusParams{Status: status})
		return err
	})
}

// detach removes an inquiry from its cases.
func (p *person) detach(q *inquiry) {
	q.touched = true
	for _, id := range q.cases {
		p.insist("be taken out of a case", func() error {
			_, err := p.client.Cases.RemoveObjects(p.t.Context(), id, persona.CaseRemoveObjectsParams{ObjectIDs: persona.Set([]string{q.id})})
			return err
		})
		p.note(id)
	}
	q.cases = nil
}

// reopenElsewhere adds an inquiry to another case of the person.
func (p *person) reopenElsewhere(q *inquiry) {
	q.touched = true
	for _, other := range p.inquiries {
		if other == q || len(other.cases) == 0 {
			continue
		}
		id := other.cases[0]
		other.touched = true
		p.insist("be put into a case", func() error {
			_, err := p.client.Cases.AddObjects(p.t.Context(), id, persona.CaseAddObjectsParams{ObjectIDs: persona.Set([]string{q.id})})
			return err
		})
		p.note(id)
		q.cases = append(q.cases, id)
		q.shares, other.shares = true, true
		return
	}
}

// note writes a note into a case. Persona sends no event when objects are added to or
// removed from a case; the note's event shows them.
func (p *person) note(id string) {
	p.insist("have a case noted on", func() error {
		_, err := p.client.Cases.Update(p.t.Context(), id, persona.CaseUpdateParams{Fields: persona.Set(map[string]any{"note": fmt.Sprint(p.draw.Uint64())})})
		return err
	})
}

func (p *person) redactInquiry(q *inquiry) {
	q.touched, q.redacted = true, true
	p.insist("have an inquiry redacted", func() error {
		_, err := p.client.Inquiries.Redact(p.t.Context(), q.id)
		return err
	})
}

// redactAccount redacts the account and with it all inquiries.
func (p *person) redactAccount() {
	p.redacted = true
	for _, q := range p.inquiries {
		q.touched, q.redacted = true, true
	}
	p.insist("be redacted", func() error {
		_, err := p.client.Accounts.Redact(p.t.Context(), p.account)
		return err
	})
}
