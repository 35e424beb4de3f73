package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// graphQueryTime is how long a graph query takes that does not run while its caller
// waits.
const graphQueryTime = time.Second

// What the sandbox remembers of a graph query.
const (
	queryEnds  = "_ends"  // when it ends
	queryLimit = "_limit" // how many seconds it may take
)

func graphQueryOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"GraphQueries.Get":    func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("graph-query") },
		"GraphQueries.Create": createGraphQuery,
	}
}

func createGraphQuery(c *engine.Call) (*engine.Answer, error) {
	if c.Text("data.attributes.graph-query-template-id") != GraphQueryTemplateID {
		return nil, engine.NotFound("data.attributes.graph_query_template_id is not found")
	}
	if timeout, given := c.Number("data.attributes.timeout-in-seconds"); given && (timeout < 1 || timeout > 59) {
		return nil, engine.BadRequest("data.attributes.timeout_in_seconds must be between 1 and 59")
	}
	params := c.Object("data.attributes.parameter-map")
	if params == nil {
		params = c.Object("data.attributes.variable-map") // its name before (OpenAPI 2025-12-08)
	}
	if params == nil {
		params = map[string]any{}
	}
	query := c.Create("graph-query", "grphq", map[string]any{
		"params": params, "node-limit-reached": false, queryLimit: 59.0,
	}, nil)
	if timeout, given := c.Number("data.attributes.timeout-in-seconds"); given {
		query.Attributes[queryLimit] = timeout
	}
	SubmitGraphQuery(c.Change, query, "graph-query.submitted")
	if c.Flag("meta.run-sync", false) {
		runGraphQuery(c.Change, query)
	}
	return &engine.Answer{Status: 201, One: query}, nil
}

// SubmitGraphQuery lets a graph query take its time, or as long as it may.
func SubmitGraphQuery(c *engine.Change, query *storage.Resource, event string) {
	after := graphQueryTime
	if asksFor(query, GraphQueryTimeoutText) {
		after = query.Duration(queryLimit)
	}
	query.Attributes["status"], query.Attributes["updated-at"] = "submitted", simclock.Stamp(c.Now)
	query.Attributes["completed-at"], query.Attributes["errored-at"], query.Attributes["nodes"] = nil, nil, []any{}
	delete(query.Relationships, "accounts")
	query.Attributes[queryEnds] = simclock.Stamp(c.Now.Add(after))
	c.Schedule(c.Now.Add(after), query.ID)
	c.Emit(event, query, nil)
}

// graphQueryDue ends a graph query whose time has come.
func graphQueryDue(c *engine.Change, query *storage.Resource) {
	if !c.Now.Before(query.Time(queryEnds)) {
		runGraphQuery(c, query)
	}
}

// asksFor reports whether a parameter of a graph query is a text.
func asksFor(query *storage.Resource, text string) bool {
	params, _ := query.Attributes["params"].(map[string]any)
	return slices.ContainsFunc(slices.Collect(maps.Values(params)), func(v any) bool { return v == text })
}

// EndGraphQuery ends a graph query without a result.
func EndGraphQuery(c *engine.Change, query *storage.Resource, status string) {
	query.Attributes["status"], query.Attributes["updated-at"] = status, simclock.Stamp(c.Now)
	if status == "errored" {
		query.Attributes["errored-at"] = simclock.Stamp(c.Now)
	}
	c.Emit("graph-query."+strings.ReplaceAll(status, "_", "-"), query, nil)
}

// runGraphQuery finds the accounts that hold a value of the parameters in one of
// their fields. The nodes are the values, and the accounts.
func runGraphQuery(c *engine.Change, query *storage.Resource) {
	switch {
	case query.Text("status") != "submitted":
		return
	case asksFor(query, ReportErrorText):
		EndGraphQuery(c, query, "errored")
		return
	case asksFor(query, GraphQueryTimeoutText):
		EndGraphQuery(c, query, "timed_out")
		return
	}
	params, _ := query.Attributes["params"].(map[string]any)
	nodes, accounts := []any{}, []storage.Identifier{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		wanted := engine.TextOf(params[name])
		if wanted == "" {
			continue
		}
		nodes = append(nodes, map[string]any{"type": name, "value": wanted})
		for account := range c.All("account") {
			if holds(account.Attributes["fields"], wanted) && !slices.Contains(accounts, account.Identifier()) {
				accounts = append(accounts, account.Identifier())
				nodes = append(nodes, map[string]any{"type": "account", "value": account.ID})
			}
		}
	}
	query.Attributes["status"], query.Attributes["nodes"] = "completed", nodes
	query.Attributes["completed-at"], query.Attributes["updated-at"] = simclock.Stamp(c.Now), simclock.Stamp(c.Now)
	query.Relationships["accounts"] = accounts
	c.Emit("graph-query.completed", query, nil)
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
		return v != nil && strings.EqualFold(engine.TextOf(v), wanted)
	}
}
