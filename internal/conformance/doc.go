// Package conformance checks requests, responses and webhook events against
// Persona's OpenAPI document of one version. It is for tests: of the SDK, of the
// sandbox, and of anything else that speaks as Persona or to it.
//
// [Load] a document once per test binary, then use [Document.ValidateRequest],
// [Document.ValidateResponse] and [Document.ValidateEvent]. What they return is an
// [*Error] that lists every problem with its JSON pointer. [Document.Sampler] makes
// valid bodies out of the schemas.
//
// The check is the document's JSON Schema with a few differences:
//
//   - Unions dispatch on "type" (unions.go): without that, one wrong attribute of
//     an included inquiry reads as 75 failures.
//   - A few flaws of the document are mended (patches.go), each with its reason.
//   - What was included may be wherever it can be asked for (included.go).
//   - Fields have a type and a value (fields.go), and the resource in an event that is
//     read is one of its type (payload.go): the document leaves both open.
//   - Resources must be complete (complete.go). Apart from inquiries the document
//     requires no attribute at all, so the schema alone misses nearly every
//     attribute that is left out.
package conformance
