// Package openapi reads Persona's OpenAPI documents: the operations, the schemas of their
// bodies and answers, and the schemas of the resources.
//
// It keeps what the generators use, resolves references by name, and ignores descriptions
// and examples.
package openapi
