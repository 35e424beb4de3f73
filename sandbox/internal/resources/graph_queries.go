package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	graphQueryTime = time.Second // how long a graph query takes, unless its caller waits for it
	queryEnds      = "_ends"     // when it ends
	queryLimit     = "_limit"    // how many seconds it may take
)

// GraphQueryTimeoutText is a parameter that makes a graph query time out. Persona documents no
// such parameter.
const GraphQueryTimeoutText = "Sandbox Timeout"

func graphQueryOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"GraphQueries.Get":    engine.Get("graph-query"),
		"GraphQueries.Create": createGraphQuery,
	}
}

func createGraphQuery(c *engine.Call) (*engine.Answer, error) {
	if c.Text("data.attributes.graph-query-template-id") != fixtures.GraphQueryTemplateID {
		return nil, engine.NotFound("data.attributes.graph_query_template_id is not found")
	}
	timeout, given := c.Number("data.attributes.timeout-in-seconds")
	if !given {
		timeout = 59
	}
	if timeout < 1 || timeout > 59 {
		return nil, engine.BadRequest("data.attributes.timeout_in_seconds must be between 1 and 59")
	}
	params := c.Object("data.attributes.parameter-map")
	if params == nil {
		params = c.Object("data.attributes.variable-map") // its former name (OpenAPI 2025-12-08)
	}
	if params == nil {
		return nil, engine.BadRequest("data.attributes.parameter_map is missing")
	}
	query := c.Create("graph-query", "grphq", map[string]any{"params": params, "node-limit-reached": false, queryLimit: timeout}, nil)
	SubmitGraphQuery(c.Change, query, "graph-query.submitted")
	if c.Flag("meta.run-sync", false) {
		runGraphQuery(c.Change, query)
	}
	return &engine.Answer{Status: 201, One: query}, nil
}

// SubmitGraphQuery starts a graph query, which ends later, and emits the event.
func SubmitGraphQuery(c *engine.Change, query *storage.Resource, event string) {
	after := graphQueryTime
	if hasParameter(query, GraphQueryTimeoutText) {
		after = query.Duration(queryLimit)
	}
	query.Attributes["status"] = "submitted"
	c.Stamp(query, "updated-at")
	query.Attributes["completed-at"], query.Attributes["errored-at"], query.Attributes["nodes"] = nil, nil, []any{}
	delete(query.Relationships, "accounts")
	wait(c, query, queryEnds, after)
	c.Emit(event, query, nil)
}

// graphQueryDue runs a graph query that is due.
func graphQueryDue(c *engine.Change, query *storage.Resource) {
	if due(c, query, queryEnds) {
		runGraphQuery(c, query)
	}
}

// hasParameter reports whether a parameter of a graph query has a value.
func hasParameter(query *storage.Resource, text string) bool {
	params, _ := query.Attributes["params"].(map[string]any)
	return slices.ContainsFunc(slices.Collect(maps.Values(params)), func(v any) bool { return v == text })
}

// EndGraphQuery ends a graph query without a result.
func EndGraphQuery(c *engine.Change, query *storage.Resource, status string) {
	query.Attributes["status"] = status
	c.Stamp(query, "updated-at")
	if status == "errored" {
		c.Stamp(query, "errored-at")
	}
	c.Emit("graph-query."+strings.ReplaceAll(status, "_", "-"), query, nil)
}

// runGraphQuery finds the accounts that have a value of the parameters in a field. The
// nodes are the values and the accounts.
func runGraphQuery(c *engine.Change, query *storage.Resource) {
	switch {
	case query.Text("status") != "submitted":
		return
	case hasParameter(query, reportkind.ErrorText):
		EndGraphQuery(c, query, "errored")
		return
	case hasParameter(query, GraphQueryTimeoutText):
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
			if containsText(account.Attributes["fields"], wanted) && !slices.Contains(accounts, account.Identifier()) {
				accounts = append(accounts, account.Identifier())
				nodes = append(nodes, map[string]any{"type": "account", "value": account.ID})
			}
		}
	}
	query.Attributes["status"], query.Attributes["nodes"] = "completed", nodes
	c.Stamp(query, "completed-at", "updated-at")
	query.Relationships["accounts"] = accounts
	c.Emit("graph-query.completed", query, nil)
}

// containsText reports whether a text is among the values of a field. Case does not matter.
func containsText(v any, wanted string) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if name != "type" && containsText(inner, wanted) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return containsText(inner, wanted) })
	default:
		return v != nil && strings.EqualFold(engine.TextOf(v), wanted)
	}
}
