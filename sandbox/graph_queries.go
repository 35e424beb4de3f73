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
		"status": "submitted", "params": params, "updated-at": stamp(c.now), "nodes": []any{}, "node-limit-reached": false,
	}, nil)
	c.emit("graph-query.submitted", query, nil)
	if c.flag("meta.run-sync", false) {
		c.runGraphQuery(query)
	} else {
		c.remind(c.now.Add(graphQueryTime), query.id)
	}
	return &answer{status: 201, one: query}, nil
}

// runGraphQuery finds the accounts that hold a value of the parameters in one of
// their fields. The nodes are the values, and the accounts.
func (c *change) runGraphQuery(query *resource) {
	if query.text("status") != "submitted" {
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
