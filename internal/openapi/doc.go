// Package openapi reads Persona's OpenAPI documents: the operations, the schemas of
// their bodies and answers, the webhooks, and the schemas of the resources.
//
// It is made for the generator and reads what the generator uses. Prose and examples are
// ignored, so a document with and without them reads the same. Schemas keep their
// references; [Document.Resolve] and [Document.Flat] follow them. [Join] makes one
// document of all versions.
package openapi
