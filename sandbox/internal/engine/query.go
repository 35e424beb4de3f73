package engine

import (
	"fmt"
	"slices"
	"strings"
)

const (
	queryDepth   = 2  // how deep clauses may be nested (OpenAPI 2025-12-08)
	queryClauses = 20 // in one and, or one or
)

// condition decides about a resource by its attributes.
type condition func(get func(attribute string) any) bool

// condition reads the whole query of a search before anything is searched, so that a bad
// query is refused even if there is nothing to find. No query finds everything.
func (c *Call) condition(family string) (condition, error) {
	given, present := c.Value("query")
	if object, ok := given.(map[string]any); !present || given == nil || ok && len(object) == 0 {
		return func(func(string) any) bool { return true }, nil
	}
	return parseQuery(given, family, "query", 0)
}

// parseQuery reads one clause, at a path of the body.
func parseQuery(v any, family, path string, depth int) (condition, error) {
	wrong := BadRequest(path + " must be one of and, or, not, or a predicate of attribute, operator and value")
	clause, ok := v.(map[string]any)
	switch {
	case !ok:
		return nil, wrong
	case depth > queryDepth:
		return nil, BadRequest("query is nested deeper than two levels")
	case len(clause) == 1:
		for word, inner := range clause {
			switch word {
			case "and", "or":
				return parseClauses(inner, family, path+"."+word, word == "and", depth)
			case "not":
				holds, err := parseQuery(inner, family, path+".not", depth+1)
				return func(get func(string) any) bool { return !holds(get) }, err
			}
		}
		return nil, wrong
	case len(clause) == 3:
		return parsePredicate(clause, family, path, wrong)
	default:
		return nil, wrong
	}
}

// parseClauses reads the clauses of an and, which must all hold, or of an or.
func parseClauses(v any, family, path string, all bool, depth int) (condition, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 || len(list) > queryClauses {
		return nil, BadRequest(path + " must hold 1 to 20 clauses")
	}
	var clauses []condition
	for i, item := range list {
		clause, err := parseQuery(item, family, fmt.Sprintf("%s[%d]", path, i), depth+1)
		if err != nil {
			return nil, err
		}
		clauses = append(clauses, clause)
	}
	return func(get func(string) any) bool {
		return all != slices.ContainsFunc(clauses, func(holds condition) bool { return holds(get) != all })
	}, nil
}

func parsePredicate(clause map[string]any, family, path string, wrong *Refusal) (condition, error) {
	name, named := clause["attribute"].(string)
	operator, known := clause["operator"].(string)
	value, given := clause["value"]
	if !named || !known || !given {
		return nil, wrong
	}
	if !searchable(family, name) {
		return nil, BadRequest(path + ".attribute is not an attribute to search by")
	}
	switch value.(type) {
	case string, float64, bool:
	default:
		return nil, BadRequest(path + ".value must be a string, a number or a boolean")
	}
	decide := map[string]func(order int) bool{
		"eq": func(order int) bool { return order == 0 }, "gt": func(order int) bool { return order > 0 }, "gte": func(order int) bool { return order >= 0 },
		"lt": func(order int) bool { return order < 0 }, "lte": func(order int) bool { return order <= 0 },
	}[operator]
	if decide == nil {
		return nil, BadRequest(path + ".operator must be one of eq, gt, gte, lt, lte")
	}
	return func(get func(string) any) bool {
		have := get(name)
		return have != nil && decide(compare(have, value)) // a missing value compares with nothing
	}, nil
}

// searchable reports whether resources of a family can be searched by an attribute
// (OpenAPI 2025-12-08).
func searchable(family, name string) bool {
	prefix, inner, nested := strings.Cut(name, ".")
	if nested {
		return inner != "" && (prefix == "fields" && family != "inquiry" || prefix == "identifiers" && family == "account")
	}
	return slices.Contains(map[string][]string{
		"inquiry": {"status", "created_at", "updated_at", "reference_id", "inquiry_template_id"},
		"account": {"type", "status", "created_at", "updated_at"},
		"case":    {"template", "status", "state", "created_at", "updated_at", "resolved_at", "sla_expires_at", "assignee", "case_queue", "resolver"},
	}[family], name)
}
