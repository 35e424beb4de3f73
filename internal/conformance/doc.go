// Package conformance checks requests, responses and webhook events against one version of
// Persona's OpenAPI document. It is for tests of the SDK, the sandbox, and other clients
// and servers of the API.
//
// [Load] a document once per test binary, then use [Document.ValidateRequest],
// [Document.ValidateResponse] and [Document.ValidateEvent]. They return an [*Error] that
// lists every problem with its JSON pointer. [Document.Sampler] creates valid bodies from
// the schemas.
//
// The checks follow the document's JSON Schema, with a few differences:
//
//   - Unions are dispatched by "type" (unions.go). Otherwise one wrong attribute of
//     an included inquiry is reported as 75 errors.
//   - A few errors of the document are corrected (patches.go), each with its reason.
//   - Included resources are allowed wherever they can be requested (included.go).
//   - Fields must have a type and a value (fields.go), and the resource in an event
//     must match its type (payload.go). The document leaves both open.
//   - Resources must be complete (complete.go). Except for inquiries, the document
//     requires no attributes, so the schema alone would miss most omissions.
package conformance
