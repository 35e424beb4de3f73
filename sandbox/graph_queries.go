package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// graphQueryTime is how long a graph query takes that does not run while its caller
// waits.
const graphQueryTime = time.Second

// What the sandbox remembers of a graph query.
const (
	queryEnds  = "_ends"  // when it ends
	queryLimit = "_limit" // how many seconds it may take
)

func graphQueryOperations() map[string]operation {
	return map[string]operation{
		"GraphQueries.Get":    func(c *call) (*answer, error) { return c.answerFound("graph-query") },
		"GraphQueries.Create": createGraphQuery,
	}
}

func createGraphQuery(c *call) (*answer, error) {
	if c.text("data.attributes.graph-query-template-id") != GraphQueryTemplateID {
		return nil, notFound("data.attributes.graph_query_template_id is not found")
	}
	if timeout, given := c.number("data.attributes.timeout-in-seconds"); given && (timeout < 1 || timeout > 59) {
		return nil, badRequest("data.attributes.timeout_in_seconds must be between 1 and 59")
	}
	params := c.object("data.attributes.parameter-map")
	if params == nil {
		params = c.object("data.attributes.variable-map") // its name before (OpenAPI 2025-12-08)
	}
	if params == nil {
		params = map[string]any{}
	}
	query := c.create("graph-query", "grphq", map[string]any{
		"params": params, "node-limit-reached": false, queryLimit: 59.0,
	}, nil)
	if timeout, given := c.number("data.attributes.timeout-in-seconds"); given {
		query.attributes[queryLimit] = timeout
	}
	c.submitGraphQuery(query, "graph-query.submitted")
	if c.flag("meta.run-sync", false) {
		c.runGraphQuery(query)
	}
	return &answer{status: 201, one: query}, nil
}

// submitGraphQuery lets a graph query take its time, or as long as it may.
func (c *change) submitGraphQuery(query *resource, event string) {
	after := graphQueryTime
	if asksFor(query, GraphQueryTimeoutText) {
		after = query.duration(queryLimit)
	}
	query.attributes["status"], query.attributes["updated-at"] = "submitted", stamp(c.now)
	query.attributes["completed-at"], query.attributes["errored-at"], query.attributes["nodes"] = nil, nil, []any{}
	delete(query.relationships, "accounts")
	query.attributes[queryEnds] = stamp(c.now.Add(after))
	c.remind(c.now.Add(after), query.id)
	c.emit(event, query, nil)
}

// graphQueryDue ends a graph query whose time has come.
func (c *change) graphQueryDue(query *resource) {
	if !c.now.Before(query.time(queryEnds)) {
		c.runGraphQuery(query)
	}
}

// asksFor reports whether a parameter of a graph query is a text.
func asksFor(query *resource, text string) bool {
	params, _ := query.attributes["params"].(map[string]any)
	return slices.ContainsFunc(slices.Collect(maps.Values(params)), func(v any) bool { return v == text })
}

// endGraphQuery ends a graph query without a result.
func (c *change) endGraphQuery(query *resource, status string) {
	query.attributes["status"], query.attributes["updated-at"] = status, stamp(c.now)
	if status == "errored" {
		query.attributes["errored-at"] = stamp(c.now)
	}
	c.emit("graph-query."+strings.ReplaceAll(status, "_", "-"), query, nil)
}

func cancelGraphQuery(c *change, query *resource, _ Act) (*resource, error) {
	if status := query.text("status"); status != "submitted" {
		return nil, conflict("a graph query that is " + status + " cannot be cancelled")
	}
	c.endGraphQuery(query, "cancelled")
	return query, nil
}

func rerunGraphQuery(c *change, query *resource, _ Act) (*resource, error) {
	if query.text("status") == "submitted" {
		return nil, conflict("the graph query runs already")
	}
	c.submitGraphQuery(query, "graph-query.reran")
	return query, nil
}

// runGraphQuery finds the accounts that hold a value of the parameters in one of
// their fields. The nodes are the values, and the accounts.
func (c *change) runGraphQuery(query *resource) {
	switch {
	case query.text("status") != "submitted":
		return
	case asksFor(query, ReportErrorText):
		c.endGraphQuery(query, "errored")
		return
	case asksFor(query, GraphQueryTimeoutText):
		c.endGraphQuery(query, "timed_out")
		return
	}
	params, _ := query.attributes["params"].(map[string]any)
	nodes, accounts := []any{}, []identifier{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		wanted := textOf(params[name])
		if wanted == "" {
			continue
		}
		nodes = append(nodes, map[string]any{"type": name, "value": wanted})
		for account := range c.all("account") {
			if holds(account.attributes["fields"], wanted) && !slices.Contains(accounts, account.identifier()) {
				accounts = append(accounts, account.identifier())
				nodes = append(nodes, map[string]any{"type": "account", "value": account.id})
			}
		}
	}
	query.attributes["status"], query.attributes["nodes"] = "completed", nodes
	query.attributes["completed-at"], query.attributes["updated-at"] = stamp(c.now), stamp(c.now)
	query.relationships["accounts"] = accounts
	c.emit("graph-query.completed", query, nil)
}

// holds reports whether a text is among the values of a field, in any case.
func holds(v any, wanted string) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if name != "type" && holds(inner, wanted) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return holds(inner, wanted) })
	default:
		return v != nil && strings.EqualFold(textOf(v), wanted)
	}
}
