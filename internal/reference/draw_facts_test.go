package reference

import (
	"time"

	"github.com/idemhq/idem/internal/domain"
)

var (
	verificationKinds = []string{"government-id", "selfie", "document", "database"}
	reportKinds       = []string{"watchlist", "adverse-media", "politically-exposed-person"}
	checkNames        = []string{"id_entity_detection", "id_expired_detection", "selfie_id_comparison"}
	templates         = []string{"vtmpl_A1b2C3d4E5f6G7h8J9k1L2m3", "vtmpl_B1b2C3d4E5f6G7h8J9k1L2m3"}
	fieldKeys         = []string{"address-country-code", "income", "is-owner"}
)

// wrong is how many of a thousand values are wrong.
const wrong = 12

// set draws the value of an attribute: one of the given values or, rarely, absent, null or
// of the wrong type.
func (d *draw) set(t *thing, key string, values ...any) {
	switch n := d.IntN(1000); {
	case n < wrong:
	case n < 2*wrong:
		t.attributes[key] = nil
	case n < 3*wrong:
		t.attributes[key] = pick[any](d, 7.0, "7", true, []any{}, map[string]any{})
	default:
		t.attributes[key] = pick(d, values...)
	}
}

// withheld records which attributes that a decision needs are missing from the facts.
func (f *facts) withheld(t *thing, keys ...string) {
	for _, key := range keys {
		ok := true
		switch key {
		case "status":
			_, ok = t.attributes[key].(string)
		case "created-at":
			_, ok = t.moment(key)
		case "has-match":
			_, ok = t.attributes[key].(bool)
		case "checks":
			ok = wholeChecks(t.attributes[key])
		}
		if !ok {
			f.missing = append(f.missing, t.id+" "+key)
		}
	}
}

func wholeChecks(value any) bool {
	checks, ok := value.([]any)
	for _, c := range checks {
		check, isObject := c.(map[string]any)
		for _, key := range []string{"name", "status", "requirement"} {
			_, isText := check[key].(string)
			ok = ok && isObject && isText
		}
	}
	return ok
}

// facts draws the facts of a transition that a rule is for. One of three applicants has no
// problems, so that approvals are possible.
func (d *draw) facts(p *plan) *facts {
	on := pick(d, p.rules...)
	f := &facts{environment: domain.Sandbox, thresholds: p.thresholds, event: "inquiry.completed", to: pick(d, on.to...), from: pick(d, "created", "pending", "Reopened")}
	if len(on.from) > 0 && d.chance(80) {
		f.from = pick(d, on.from...)
	}
	good := d.chance(35)
	if d.chance(90) {
		f.account = d.account()
	}
	if on.object == "case" {
		d.caseFacts(f)
	} else {
		f.inquiry = d.inquiry(f, f.to)
		f.object = domain.Ref{Type: "inquiry", ID: f.inquiry.id}
		f.inquiries = []*thing{f.inquiry}
		for range pick(d, 0, 1, 1, 1, 2) {
			f.cases = append(f.cases, d.kase(f, pick(d, "Open", "Pending", "Approved", "Declined", "Escalated")))
		}
	}
	d.evidence(f, good)
	f.declinedBefore = d.chance(15)
	if d.chance(4) {
		f.missing = append(f.missing, "rep_lost")
	}
	if d.chance(1) && on.object == "inquiry" {
		f.inquiry, f.inquiries, f.missing = nil, nil, append(f.missing, f.object.ID)
	}
	return f
}

// caseFacts draws a case with a transition and its inquiries.
func (d *draw) caseFacts(f *facts) {
	for range pick(d, 0, 1, 1, 1, 2, 3) {
		f.inquiries = append(f.inquiries, d.inquiry(f, pick(d, "pending", "completed", "needs_review", "approved")))
	}
	f.inquiry = subject{}.newest(f.inquiries)
	f.cases = []*thing{d.kase(f, f.to)}
	f.object = domain.Ref{Type: "case", ID: f.cases[0].id}
}

// evidence draws attempts, reports and sessions.
func (d *draw) evidence(f *facts, good bool) {
	for range pick(d, 0, 1, 1, 2, 2, 3, 4) {
		f.attempts = append(f.attempts, d.attempt(f, good))
	}
	for range pick(d, 0, 0, 1, 1, 2) {
		f.reports = append(f.reports, d.report(f, good))
	}
	for range pick(d, 0, 0, 0, 1) {
		f.accountReports = append(f.accountReports, d.report(f, good))
	}
	for range pick(d, 0, 1, 1, 2) {
		s := &thing{typ: "inquiry-session", id: d.id("iqse"), attributes: map[string]any{}}
		d.set(s, "status", "active", "expired")
		d.set(s, "is-proxy", true, false, false)
		d.set(s, "country-code", "US", "XX")
		f.sessions = append(f.sessions, s)
	}
}

// when draws one of a few times, so that two are often equal.
func (d *draw) when() string { return stamp(epoch.Add(time.Duration(d.IntN(4)) * time.Hour)) }

func (d *draw) inquiry(f *facts, status string) *thing {
	t := &thing{typ: "inquiry", id: d.id("inq"), attributes: map[string]any{}}
	if f.account != nil {
		t.accounts = []string{f.account.id}
	}
	t.reviewer = pick(d, "", "", "user", "workflow-run")
	t.attributes["status"] = status
	d.set(t, "created-at", d.when())
	d.set(t, "reference-id", "user-1", nil)
	d.set(t, "note", "vip", "", nil)
	d.set(t, "tags", []any{}, []any{"VIP"}, []any{"VIP", "OLD"})
	d.fields(t)
	f.withheld(t, "status", "created-at")
	return t
}

func (d *draw) fields(t *thing) {
	fields := map[string]any{}
	for _, key := range fieldKeys {
		value := pick[any](d, "US", "US", "XX", 40000.0, 10.0, true, false, nil)
		switch d.IntN(8) {
		case 0: // absent
		case 1:
			fields[snake(key)] = map[string]any{"type": "string", "value": value}
		case 2: // twice, in two casings
			fields[snake(key)] = map[string]any{"type": "string", "value": "US"}
			fields[key] = map[string]any{"type": "string", "value": value}
		default:
			fields[key] = map[string]any{"type": "string", "value": value}
		}
	}
	d.set(t, "fields", fields)
}

func (d *draw) account() *thing {
	t := &thing{typ: "account", id: d.id("act"), attributes: map[string]any{}}
	d.set(t, "reference-id", "user-1")
	d.set(t, "account-status", "Default", "Blocked")
	d.set(t, "tags", []any{}, []any{"VIP"})
	d.fields(t)
	return t
}

func (d *draw) kase(f *facts, status string) *thing {
	t := &thing{typ: "case", id: d.id("case"), attributes: map[string]any{"status": status}}
	for _, i := range f.inquiries {
		t.inquiries = append(t.inquiries, i.id)
	}
	d.set(t, "created-at", d.when())
	d.set(t, "resolution", nil, "Approved", "Declined")
	d.set(t, "name", "KYC-1", "KYC-2")
	d.fields(t)
	f.withheld(t, "status")
	return t
}

func (d *draw) attempt(f *facts, good bool) *thing {
	t := &thing{typ: "verification/" + pick(d, verificationKinds...), id: d.id("ver"), attributes: map[string]any{}}
	t.template = pick(d, "", templates[0], templates[0], templates[1])
	status := pick(d, "passed", "failed", "submitted", "initiated", "skipped", "tentatively_passed", "reticulated")
	if d.chance(50) || good && d.chance(90) {
		status = "passed"
	}
	d.set(t, "status", status)
	d.set(t, "created-at", d.when())
	d.set(t, "completed-at", nil, d.when())
	d.set(t, "country-code", "US", "XX", nil)
	d.set(t, "from-reusable-persona", true, false)
	d.set(t, "tags", []any{}, []any{"VIP"})
	if t.kind() == "government-id" {
		d.set(t, "id-class", "dl", "pp")
	}
	checks := []any{}
	for _, name := range some(d, 50, checkNames...) {
		checks = append(checks, d.check(name, good))
	}
	d.set(t, "checks", checks)
	f.withheld(t, "status", "created-at", "checks")
	return t
}

func (d *draw) check(name string, good bool) map[string]any {
	c := &thing{attributes: map[string]any{}}
	d.set(c, "name", name)
	status := pick(d, "passed", "failed", "not_applicable", "guessed")
	if d.chance(50) || good && d.chance(90) {
		status = "passed"
	}
	d.set(c, "status", status)
	d.set(c, "requirement", "required", "required", "not_required", "not_required", "requires_retry", "recommended")
	return c.attributes
}

func (d *draw) report(f *facts, good bool) *thing {
	t := &thing{typ: "report/" + pick(d, reportKinds...), id: d.id("rep"), attributes: map[string]any{}}
	status, match := pick(d, "ready", "ready", "pending", "errored", "reticulated"), d.chance(30)
	if good && d.chance(90) {
		status, match = "ready", false
	}
	d.set(t, "status", status)
	d.set(t, "has-match", match)
	d.set(t, "created-at", d.when())
	d.set(t, "tags", []any{}, []any{"VIP"})
	f.withheld(t, "status", "has-match")
	return t
}
