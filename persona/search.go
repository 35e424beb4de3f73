package persona

// Predicate is the condition of a search. Create it with [Where], [And], [Or] and [Not].
// Persona allows two levels of nesting and 20 conditions in an And or Or (OpenAPI
// 2025-12-08). Searches may lag a minute behind changes.
type Predicate struct {
	Attribute string      `json:"attribute,omitempty"`
	Operator  string      `json:"operator,omitempty"`
	Value     any         `json:"value,omitempty"`
	And       []Predicate `json:"and,omitempty"`
	Or        []Predicate `json:"or,omitempty"`
	Not       *Predicate  `json:"not,omitempty"`
}

// Where compares an attribute, named in snake_case (status, created_at, fields.country),
// with a string, a number or a boolean. The operator is eq, gt, gte, lt or lte.
func Where(attribute, operator string, value any) Predicate {
	return Predicate{Attribute: attribute, Operator: operator, Value: value}
}

// And is true if all conditions are true.
func And(conditions ...Predicate) Predicate { return Predicate{And: conditions} }

// Or is true if at least one condition is true.
func Or(conditions ...Predicate) Predicate { return Predicate{Or: conditions} }

// Not is true if the condition is false.
func Not(condition Predicate) Predicate { return Predicate{Not: &condition} }

// Sort is the order of a search.
type Sort struct {
	Attribute string `json:"attribute"`
	Direction string `json:"direction"` // asc or desc
}
