// Package openapi reads Persona's OpenAPI documents: the operations, the schemas
// of their bodies and answers, and the schemas of the resources.
//
// It is made for the generators. It keeps what they use, resolves references by
// name, and ignores prose and examples, so that the documents with and without them
// read the same.
package openapi
