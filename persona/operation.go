package persona

import "slices"

// Operation describes one operation of the API.
type Operation struct {
	Service    string // the client's field: Inquiries
	Method     string // the service's method: MarkForReview
	HTTPMethod string
	Path       string // below the base URL: /inquiries/{inquiry-id}/mark-for-review
	ID         string // the OpenAPI document's operationId

	search  bool // a POST that changes nothing
	body    bodyType
	keyless bool // the API key is not sent
	privacy bool // below /api/privacy/v1 instead of /api/v1
}

// Name returns Service.Method.
func (o Operation) Name() string { return o.Service + "." + o.Method }

// Operations returns a description of every operation, by path and then by method.
func Operations() []Operation { return slices.Clone(operations[:]) }

// changes reports whether the operation changes something at Persona.
func (o *Operation) changes() bool { return o.HTTPMethod != "GET" && !o.search }

// takesKey reports whether an idempotency key has a meaning: Persona honours it on
// POST only (Persona docs: Idempotence).
func (o *Operation) takesKey() bool { return o.HTTPMethod == "POST" && !o.search }

// bodyType is how an operation's body is written.
type bodyType uint8

const (
	noBody bodyType = iota
	jsonBody
	formBody
	multipartBody
)
