package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	reportTime     = time.Second         // how long the first run of a report takes
	monitoringTime = 30 * 24 * time.Hour // between the runs of a report that is monitored
)

// What the sandbox remembers of a report.
const (
	reportQuery   = "_query"
	reportHistory = "_history" // what happened, the oldest first
	nextRun       = "_next-run"
	dismissed     = "_dismissed"
)

func reportOperations() map[string]operation {
	operations := map[string]operation{
		"Reports.Get":    func(c *call) (*answer, error) { return c.answerFound("report") },
		"Reports.Create": createReport,
		"Reports.List": func(c *call) (*answer, error) {
			reference := c.filter("reference-id")
			return c.list("report", func(r *resource) bool {
				account := c.get(r.one("account"))
				return oneOf(c.filter("account-id"), r.one("account")) &&
					(reference == "" || account != nil && oneOf(strings.ToLower(reference), strings.ToLower(account.text("reference-id"))))
			})
		},
		"Reports.ListHistory": listReportHistory,
		"Reports.Run": editReport(func(c *call, r *resource) error {
			c.runReport(r, "manual")
			return nil
		}),
		"Reports.Pause": editReport(func(c *call, r *resource) error {
			if r.attributes["is-recurring"] != true {
				return conflict("the report is not monitored")
			}
			r.attributes["is-recurring"] = false
			c.note(r, "pause", "ract", nil)
			return nil
		}),
		"Reports.Resume": editReport(func(c *call, r *resource) error {
			switch {
			case r.attributes["is-recurring"] == true:
				return conflict("the report is monitored already")
			case !monitored(r.typ):
				return conflict("reports of this kind are not monitored")
			case r.attributes["has-match"] == true:
				return conflict("the report has a match: dismiss it first")
			}
			c.monitor(r)
			c.note(r, "resume", "ract", nil)
			return nil
		}),
		"Reports.Dismiss": editReport(dismissReport),
		"Reports.Redact": editReport(func(c *call, r *resource) error {
			redactReport(r, c.now)
			return nil
		}),
		"Reports.Print": func(c *call) (*answer, error) {
			found, err := c.answerFound("report")
			if err != nil {
				return nil, err
			}
			r := found.one
			if r.text("status") == "pending" {
				return nil, conflict("the report is not ready")
			}
			return c.printed("Report", r), nil
		},
	}
	maps.Copy(operations, tagOperations("Reports", "report", func(*call, *resource, []any, []any) {})) // no event is documented
	return operations
}

func createReport(c *call) (*answer, error) {
	id := c.text("data.attributes.report-template-id")
	if id == "" {
		return nil, badRequest("data.attributes.report_template_id is missing")
	}
	if !strings.HasPrefix(id, "rptp_") {
		return nil, badRequest("data.attributes.report_template_id must start with rptp")
	}
	typ := reportTemplates()[id]
	if typ == "" || !creatable(typ) {
		return nil, notFound("data.attributes.report_template_id is not found")
	}
	if asked := c.text("data.type"); asked != "" && asked != typ {
		return nil, unprocessable("the report template is for reports of type "+typ, "/data/type")
	}
	query := c.object("data.attributes.query")
	if err := checkQuery(typ, query); err != nil {
		return nil, err
	}
	account, err := c.accountOfInquiry()
	if err != nil {
		return nil, err
	}
	r := c.newReport(typ, id, query, account)
	if c.text("meta.processing-mode") == "sync" {
		c.runReport(r, "initial")
	}
	return &answer{status: 201, one: r}, nil
}

// newReport makes a report, about an account unless that is nil, and plans its first
// run.
func (c *change) newReport(typ, templateID string, query map[string]any, account *resource) *resource {
	relationships := map[string]any{"report-template": c.get(templateID).identifier()}
	if account != nil {
		relationships["account"] = account.identifier()
	}
	attributes := map[string]any{
		"status": "pending", "has-match": false, "is-continuous": false, "is-recurring": false, "tags": []any{},
		"report-template-version-name": "v1", reportQuery: query,
	}
	maps.Copy(attributes, echo(typ, query))
	r := c.create(typ, "rep", attributes, relationships)
	if typ == "report/address-lookup" {
		c.emit(reportEvent(typ, "submitted"), r, nil)
	}
	r.attributes[nextRun] = stamp(c.now.Add(reportTime))
	c.remind(c.now.Add(reportTime), r.id)
	return r
}

// editReport is an operation on the report that its path names, which must be done
// and not redacted.
func editReport(edit func(*call, *resource) error) operation {
	return func(c *call) (*answer, error) {
		r, err := c.find("report")
		switch {
		case err != nil:
			return nil, err
		case r.attributes["redacted-at"] != nil:
			return nil, conflict("Report already redacted")
		case r.text("status") == "pending":
			return nil, conflict("the report is not ready")
		}
		return &answer{one: r}, edit(c, r)
	}
}

// reportDue runs a report whose next run is due: the first one, or one of its
// monitoring.
func (c *change) reportDue(r *resource) {
	due := r.time(nextRun)
	if due.IsZero() || c.now.Before(due) || r.attributes["redacted-at"] != nil {
		return
	}
	switch {
	case r.text("status") == "pending":
		c.runReport(r, "initial")
	case r.attributes["is-recurring"] == true:
		c.runReport(r, "recurring")
	}
}

// runReport finds what there is to find. A report that is ready once never waits
// again, and a match ends the monitoring until it is dismissed (Persona help:
// Continuous monitoring).
func (c *change) runReport(r *resource, runType string) {
	again, matchedBefore := r.text("status") != "pending", r.attributes["has-match"] == true
	query, _ := r.attributes[reportQuery].(map[string]any)
	r.attributes["completed-at"], r.attributes["is-continuous"] = stamp(c.now), again
	delete(r.attributes, nextRun)
	run := map[string]any{"run-type": runType, "scheduled-date": c.now.Format(time.DateOnly), "completed-at": stamp(c.now), "matches": nil}
	if asksForError(query) {
		r.attributes["status"], r.attributes["is-recurring"] = "errored", false
		c.note(r, "run", "rpr", run)
		c.emit(reportEvent(r.typ, "errored"), r, nil)
		return
	}
	r.attributes["status"] = "ready"
	found := matches(r.typ, query) && r.attributes[dismissed] != true
	maps.Copy(r.attributes, results(r.typ, query, found))
	r.attributes["has-match"] = found
	run["matches"] = 0
	if found {
		run["matches"] = 1
	}
	c.note(r, "run", "rpr", run)
	if !found && monitored(r.typ) && (!again || r.attributes["is-recurring"] == true) {
		c.monitor(r)
	} else {
		r.attributes["is-recurring"] = false
	}
	c.emit(reportEvent(r.typ, "ready"), r, nil)
	if found && !matchedBefore {
		c.emit(reportEvent(r.typ, "matched"), r, nil)
	}
}

// reportEvent is the name of an event of a type of report. That of one type differs
// from it (OpenAPI 2025-12-08).
func reportEvent(typ, what string) string {
	return strings.Replace(typ, "report/integration/", "report/", 1) + "." + what
}

// monitor schedules the next run of a report.
func (c *change) monitor(r *resource) {
	r.attributes["is-recurring"] = true
	r.attributes[nextRun] = stamp(c.now.Add(monitoringTime))
	c.remind(c.now.Add(monitoringTime), r.id)
}

// creatable reports whether an operation makes reports of a type (OpenAPI 2025-12-08).
func creatable(typ string) bool {
	switch typ {
	case "report/business-associated-persons", "report/business-registrations-lookup", "report/integration/sentilink-scores":
		return false
	}
	return true
}

// monitored reports whether reports of a type run again by themselves (Persona help:
// Continuous monitoring).
func monitored(typ string) bool {
	switch typ {
	case "report/watchlist", "report/adverse-media", "report/business-adverse-media", "report/politically-exposed-person", "report/crypto-address-watchlist":
		return true
	}
	return false
}

// dismissReport takes a match back: it is moved to what later runs ignore.
func dismissReport(c *call, r *resource) error {
	reason := c.text("data.attributes.reason")
	if reason == "" {
		return badRequest("data.attributes.reason is missing")
	}
	kind := c.text("data.attributes.dismiss-type")
	if r.typ == "report/adverse-media" {
		if kind != "entity" && kind != "media" {
			return badRequest("data.attributes.dismiss_type must be entity or media")
		}
		if c.text("data.attributes.entity-id") == "" {
			return badRequest("data.attributes.entity_id is missing")
		}
	}
	switch {
	case !slices.Contains([]string{
		"report/watchlist", "report/adverse-media", "report/business-adverse-media", "report/business-watchlist", "report/politically-exposed-person",
	}, r.typ):
		return conflict("matches of this kind of report are not dismissed")
	case r.attributes["has-match"] != true:
		return conflict("the report has no match")
	case r.typ == "report/adverse-media" && c.text("data.attributes.entity-id") != matchedEntityID:
		return notFound("data.attributes.entity_id is not found")
	}
	query, _ := r.attributes[reportQuery].(map[string]any)
	ignored := map[string]any{"ignored-at": stamp(c.now), "run-history-completed-at": r.attributes["completed-at"], "user": c.key.text("name"), "ignore-reason": reason}
	switch r.typ {
	case "report/watchlist":
		match := watchlistMatch(query)
		match["entities"].([]any)[0].(map[string]any)["group-id"] = matchedEntityID // told here alone
		ignored["match"] = match
		r.attributes["ignore-list"] = []any{ignored}
	case "report/politically-exposed-person":
		match := exposedMatch(query)
		match["sources"] = map[string]any{"url": "https://example.com/people", "name": "Sandbox list of people", "flag-code": "GB"} // one alone
		ignored["match"], ignored["is-internal"] = match, false
		r.attributes["ignore-list"] = []any{ignored}
	case "report/adverse-media":
		if kind == "media" {
			r.attributes["ignore-list-media"] = map[string]any{matchedEntityID: []any{reason}}
		} else {
			r.attributes["ignore-list-entity"] = []any{map[string]any{"entity-id": matchedEntityID, "reason": reason}}
		}
	}
	r.attributes[dismissed], r.attributes["has-match"] = true, false
	maps.Copy(r.attributes, results(r.typ, query, false))
	c.note(r, "dismiss", "ract", nil)
	c.emit(reportEvent(r.typ, "dismissed"), r, nil)
	if monitored(r.typ) {
		c.monitor(r)
	}
	return nil
}

// note adds an entry to the history of a report.
func (c *change) note(r *resource, kind, prefix string, about map[string]any) {
	entry := map[string]any{"id": newID(prefix), "type": kind}
	if kind != "run" {
		entry["created-at"], entry["creator-name"] = stamp(c.now), "API"
	}
	maps.Copy(entry, about)
	history, _ := r.attributes[reportHistory].([]any)
	r.attributes[reportHistory] = append(slices.Clone(history), any(entry))
}

// listReportHistory answers with what happened to a report, the latest first. Its
// entries have no attributes: all is beside their type.
func listReportHistory(c *call) (*answer, error) {
	found, err := c.answerFound("report")
	if err != nil {
		return nil, err
	}
	history, _ := found.one.attributes[reportHistory].([]any)
	var latest []*resource
	for _, entry := range slices.Backward(history) {
		attributes, _ := entry.(map[string]any)
		latest = append(latest, &resource{id: textOf(attributes["id"]), attributes: attributes})
	}
	a, err := c.page(listed(latest))
	if err != nil {
		return nil, err
	}
	entries := []any{}
	for _, entry := range a.many {
		entries = append(entries, entry.attributes)
	}
	return &answer{document: map[string]any{"data": entries, "links": a.paged.links}}, nil
}
