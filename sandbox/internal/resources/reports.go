package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/risk"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	reportTime     = time.Second         // how long the first run of a report takes
	monitoringTime = 30 * 24 * time.Hour // between the runs of a report that is monitored
)

const (
	reportQuery   = "_query"
	reportHistory = "_history"   // its entries, oldest first
	nextRun       = "_next-run"  // when a report, a workflow or a pipeline runs
	dismissed     = "_dismissed" // true if its match was dismissed
)

func reportOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Reports.Get":         engine.Get("report"),
		"Reports.Create":      createReport,
		"Reports.List":        listReports,
		"Reports.ListHistory": listReportHistory,
		"Reports.Run": editReport(func(c *engine.Call, r *storage.Resource) error {
			runReport(c.Change, r, "manual")
			return nil
		}),
		"Reports.Pause":   editReport(pauseReport),
		"Reports.Resume":  editReport(resumeReport),
		"Reports.Dismiss": editReport(dismissReport),
		"Reports.Redact": redactOnce("report", editReport(func(c *engine.Call, r *storage.Resource) error {
			redactReport(r, c.Now)
			return nil
		})),
		"Reports.Print": func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("report")
			if err == nil && found.One.Text("status") == "pending" {
				return nil, engine.Conflict("the report is not ready")
			}
			if err != nil {
				return nil, err
			}
			return c.AnswerPDF("Report", found.One), nil
		},
	}
	maps.Copy(operations, tagOperations("Reports", "report", noTagEvents))
	return operations
}

func listReports(c *engine.Call) (*engine.Answer, error) {
	reference := strings.ToLower(c.Filter("reference-id"))
	return c.List("report", func(r *storage.Resource) bool {
		account := c.Get(r.One("account"))
		return accepted(c, r, "account-id") &&
			(reference == "" || account != nil && engine.Accepts(reference, strings.ToLower(account.Text("reference-id"))))
	})
}

func pauseReport(c *engine.Call, r *storage.Resource) error {
	if r.Attributes["is-recurring"] != true {
		return engine.Conflict("the report is not monitored")
	}
	r.Attributes["is-recurring"] = false
	addHistory(c.Change, r, "pause", "ract", nil)
	return nil
}

func resumeReport(c *engine.Call, r *storage.Resource) error {
	switch {
	case r.Attributes["is-recurring"] == true:
		return engine.Conflict("the report is monitored already")
	case !reportkind.Monitored(r.Typ):
		return engine.Conflict("reports of this kind are not monitored")
	case r.Attributes["has-match"] == true:
		return engine.Conflict("the report has a match: dismiss it first")
	}
	monitor(c.Change, r)
	addHistory(c.Change, r, "resume", "ract", nil)
	return nil
}

func createReport(c *engine.Call) (*engine.Answer, error) {
	id := c.Text("data.attributes.report-template-id")
	if id == "" {
		return nil, engine.BadRequest("data.attributes.report_template_id is missing")
	}
	if !strings.HasPrefix(id, "rptp_") {
		return nil, engine.BadRequest("data.attributes.report_template_id must start with rptp")
	}
	typ := fixtures.ReportTemplates()[id]
	if typ == "" || !reportkind.Creatable(typ) {
		return nil, engine.NotFound("data.attributes.report_template_id is not found")
	}
	if asked := c.Text("data.type"); asked != "" && asked != typ {
		return nil, engine.Unprocessable("the report template is for reports of type "+typ, "/data/type")
	}
	query := c.Object("data.attributes.query")
	if err := reportkind.CheckQuery(typ, query); err != nil {
		return nil, err
	}
	account, err := accountOfInquiry(c)
	if err != nil {
		return nil, err
	}
	r := NewReport(c.Change, typ, id, query, account, latestInquiry(c.Change, account))
	if c.Text("meta.processing-mode") == "sync" {
		runReport(c.Change, r, scheduled)
	}
	return &engine.Answer{Status: 201, One: r}, nil
}

// NewReport creates a report and schedules its first run. It is about an account, and made for
// an inquiry or a transaction, unless they are nil.
func NewReport(c *engine.Change, typ, templateID string, query map[string]any, account, owner *storage.Resource) *storage.Resource {
	relationships := map[string]any{}
	if owner != nil {
		relationships = ownedBy(owner)
		delete(relationships, "inquiry-template")
		delete(relationships, "inquiry-template-version")
	}
	relationships["report-template"] = c.Get(templateID).Identifier()
	if account != nil {
		relationships["account"] = account.Identifier()
	}
	attributes := map[string]any{
		"status": "pending", "has-match": false, "is-continuous": false, "is-recurring": false, "tags": []any{},
		"report-template-version-name": "v1", reportQuery: query,
	}
	maps.Copy(attributes, reportkind.Repeated(typ, query))
	r := c.Create(typ, "rep", attributes, relationships)
	switch {
	case owner == nil:
	case owner.Typ == "transaction":
		keepMade(c, owner.ID, r)
	default:
		owner.Link("reports", r.Identifier())
		c.Stamp(owner, "updated-at")
	}
	if typ == "report/address-lookup" {
		c.Emit(reportkind.EventName(typ, "submitted"), r, nil)
	}
	wait(c, r, nextRun, reportTime)
	return r
}

// RunFor creates a report for an inquiry or a transaction, about its account.
func RunFor(c *engine.Change, typ, templateID string, query map[string]any, owner *storage.Resource) *storage.Resource {
	return NewReport(c, typ, templateID, query, c.Get(accountOf(owner)), owner)
}

// latestInquiry returns the latest inquiry of an account that is not redacted, to change, or
// nil. A report about the account belongs to it.
func latestInquiry(c *engine.Change, account *storage.Resource) *storage.Resource {
	if account == nil {
		return nil
	}
	latest := ""
	for inquiry := range c.IndexedBy("inquiry", account.ID) {
		if inquiry.One("account") == account.ID && inquiry.Attributes["redacted-at"] == nil {
			latest = inquiry.ID
		}
	}
	return c.Edit(latest)
}

// NewAccountReport creates a report about an account, which belongs to the account's latest
// inquiry.
func NewAccountReport(c *engine.Change, typ, templateID string, query map[string]any, account *storage.Resource) *storage.Resource {
	return NewReport(c, typ, templateID, query, account, latestInquiry(c, account))
}

// RunReport runs a new report at once.
func RunReport(c *engine.Change, r *storage.Resource) { runReport(c, r, scheduled) }

// editReport is an edit of a report that is ready and not redacted.
func editReport(change func(*engine.Call, *storage.Resource) error) engine.Operation {
	return edit("report", func(c *engine.Call, r *storage.Resource) error {
		switch {
		case r.Attributes["redacted-at"] != nil:
			return engine.Conflict("Report already redacted")
		case r.Text("status") == "pending":
			return engine.Conflict("the report is not ready")
		}
		return change(c, r)
	})
}

// reportDue runs a report if its first run, or the next one of its monitoring, is due.
func reportDue(c *engine.Change, r *storage.Resource) {
	if !due(c, r, nextRun) || r.Attributes["redacted-at"] != nil {
		return
	}
	if r.Text("status") == "pending" || r.Attributes["is-recurring"] == true {
		runReport(c, r, scheduled)
	}
}

// scheduled is the type of a run that no call asked for. The first run is one too.
const scheduled = "scheduled"

// runReport runs a report. A report that was ready once is never pending again. A match ends
// the monitoring until it is dismissed (Persona help: Continuous monitoring).
func runReport(c *engine.Change, r *storage.Resource, runType string) {
	again, matchedBefore := r.Text("status") != "pending", r.Attributes["has-match"] == true
	query, _ := r.Attributes[reportQuery].(map[string]any)
	r.Attributes["completed-at"], r.Attributes["is-continuous"] = simclock.Stamp(c.Now), again
	delete(r.Attributes, nextRun)
	runs, _ := r.Attributes["run-history"].([]any) // in versions before 2025-12-08
	at := simclock.Stamp(c.Now.Truncate(time.Second))
	r.Attributes["run-history"] = append(slices.Clone(runs), map[string]any{"scheduled-at": at, "completed-at": at, "type": runType, "report-template-version-id": nil})
	run := map[string]any{"run-type": runType, "scheduled-date": c.Now.Format(time.DateOnly), "completed-at": simclock.Stamp(c.Now), "matches": nil}
	if reportkind.Fails(query) {
		r.Attributes["status"], r.Attributes["is-recurring"] = "errored", false
		addHistory(c, r, "run", "rpr", run)
		c.Emit(reportkind.EventName(r.Typ, "errored"), r, nil)
		return
	}
	r.Attributes["status"] = "ready"
	signals, _ := r.Attributes[risk.ReportSignals].(map[string]any)
	found := reportkind.Matches(r.Typ, query)
	if chosen, ok := signals["has-match"].(bool); ok {
		found = chosen
	}
	found = found && r.Attributes[dismissed] != true
	maps.Copy(r.Attributes, reportkind.Results(r.Typ, query, found))
	maps.Copy(r.Attributes, signals)
	r.Attributes["has-match"] = found
	run["matches"] = 0
	if found {
		run["matches"] = 1
	}
	addHistory(c, r, "run", "rpr", run)
	if !found && reportkind.Monitored(r.Typ) && (!again || r.Attributes["is-recurring"] == true) {
		monitor(c, r)
	} else {
		r.Attributes["is-recurring"] = false
	}
	c.Emit(reportkind.EventName(r.Typ, "ready"), r, nil)
	if found && !matchedBefore {
		c.Emit(reportkind.EventName(r.Typ, "matched"), r, nil)
	}
}

// monitor schedules the next run of a report.
func monitor(c *engine.Change, r *storage.Resource) {
	r.Attributes["is-recurring"] = true
	wait(c, r, nextRun, monitoringTime)
}

// dismissReport dismisses a match. Later runs ignore it.
func dismissReport(c *engine.Call, r *storage.Resource) error {
	if err := checkDismissal(c, r); err != nil {
		return err
	}
	ignoreMatch(c, r)
	query, _ := r.Attributes[reportQuery].(map[string]any)
	r.Attributes[dismissed], r.Attributes["has-match"] = true, false
	maps.Copy(r.Attributes, reportkind.Results(r.Typ, query, false))
	addHistory(c.Change, r, "dismiss", "ract", nil)
	c.Emit(reportkind.EventName(r.Typ, "dismissed"), r, nil)
	if reportkind.Monitored(r.Typ) {
		monitor(c.Change, r)
	}
	return nil
}

func checkDismissal(c *engine.Call, r *storage.Resource) error {
	adverse := r.Typ == "report/adverse-media"
	kind, entity := c.Text("data.attributes.dismiss-type"), c.Text("data.attributes.entity-id")
	switch {
	case c.Text("data.attributes.reason") == "":
		return engine.BadRequest("data.attributes.reason is missing")
	case adverse && kind != "entity" && kind != "media":
		return engine.BadRequest("data.attributes.dismiss_type must be entity or media")
	case adverse && entity == "":
		return engine.BadRequest("data.attributes.entity_id is missing")
	case !reportkind.Dismissible(r.Typ):
		return engine.Conflict("matches of this kind of report are not dismissed")
	case r.Attributes["has-match"] != true:
		return engine.Conflict("the report has no match")
	case adverse && entity != reportkind.MatchedEntityID:
		return engine.NotFound("data.attributes.entity_id is not found")
	}
	return nil
}

// ignoreMatch adds the match of a report to its ignore list, if its type has one.
func ignoreMatch(c *engine.Call, r *storage.Resource) {
	reason := c.Text("data.attributes.reason")
	query, _ := r.Attributes[reportQuery].(map[string]any)
	ignored := map[string]any{
		"ignored-at": simclock.Stamp(c.Now), "run-history-completed-at": r.Attributes["completed-at"], "user": c.Key.Text("name"), "ignore-reason": reason,
		"match": reportkind.Ignored(r.Typ, query),
	}
	switch {
	case r.Typ == "report/watchlist":
		r.Attributes["ignore-list"] = []any{ignored}
	case r.Typ == "report/politically-exposed-person":
		ignored["is-internal"] = false
		r.Attributes["ignore-list"] = []any{ignored}
	case r.Typ == "report/adverse-media" && c.Text("data.attributes.dismiss-type") == "media":
		r.Attributes["ignore-list-media"] = map[string]any{reportkind.MatchedEntityID: []any{reason}}
	case r.Typ == "report/adverse-media":
		r.Attributes["ignore-list-entity"] = []any{map[string]any{"entity-id": reportkind.MatchedEntityID, "reason": reason}}
	}
}

// AddReview adds the review of the user of the dashboard to the history of a report.
func AddReview(c *engine.Change, r *storage.Resource) {
	user := c.Get(fixtures.UserID)
	addHistory(c, r, "review", "ract", map[string]any{"creator-name": user.Text("name-first") + " " + user.Text("name-last")})
}

// addHistory adds an entry to the history of a report.
func addHistory(c *engine.Change, r *storage.Resource, kind, prefix string, about map[string]any) {
	entry := map[string]any{"id": storage.NewID(prefix), "type": kind}
	if kind != "run" {
		entry["created-at"], entry["creator-name"] = simclock.Stamp(c.Now), "API"
	}
	maps.Copy(entry, about)
	history, _ := r.Attributes[reportHistory].([]any)
	r.Attributes[reportHistory] = append(slices.Clone(history), any(entry))
}

// listReportHistory lists what happened to a report, the latest first. Its entries have no
// attributes: their values are next to the type.
func listReportHistory(c *engine.Call) (*engine.Answer, error) {
	found, err := c.AnswerFound("report")
	if err != nil {
		return nil, err
	}
	history, _ := found.One.Attributes[reportHistory].([]any)
	var latest []*storage.Resource
	for _, entry := range slices.Backward(history) {
		attributes, _ := entry.(map[string]any)
		latest = append(latest, &storage.Resource{ID: engine.TextOf(attributes["id"]), Attributes: attributes})
	}
	a, err := c.Page(latest)
	if err != nil {
		return nil, err
	}
	entries := []any{}
	for _, entry := range a.Many {
		entries = append(entries, entry.Attributes)
	}
	return &engine.Answer{Document: map[string]any{"data": entries, "links": a.Links}}, nil
}
