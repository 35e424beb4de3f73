package persona

import "slices"

// Operation describes one operation of the API.
type Operation struct {
	Service    string // the client's field, for example Inquiries
	Method     string // the service's method, for example MarkForReview
	HTTPMethod string
	Path       string // relative to the base URL: /inquiries/{inquiry-id}/mark-for-review
	ID         string // the OpenAPI document's operationId

	search  bool // a POST without side effects
	body    bodyType
	keyless bool // called without an API key
	privacy bool // below /api/privacy/v1 instead of /api/v1
}

// Name returns Service.Method.
func (o Operation) Name() string { return o.Service + "." + o.Method }

// Operations describes all operations, sorted by path and method.
func Operations() []Operation { return slices.Clone(operations[:]) }

// changes reports whether the operation changes data at Persona.
func (o *Operation) changes() bool { return o.HTTPMethod != "GET" && !o.search }

// takesKey reports whether the operation uses idempotency keys. Persona supports them only
// for POST (Persona docs: Idempotence).
func (o *Operation) takesKey() bool { return o.HTTPMethod == "POST" && !o.search }

// bodyType is the encoding of an operation's body.
type bodyType uint8

const (
	noBody bodyType = iota
	jsonBody
	formBody
	multipartBody
)
