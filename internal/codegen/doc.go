// Codegen writes every generated file of the module from Persona's OpenAPI documents:
//
//   - persona: the SDK's operations and resources (sdk.go);
//   - persona/webhook: the events and the typed methods of Handler (webhook.go);
//   - sandbox/internal/catalog: the shapes of the sandbox's resources (catalog.go).
//
// Run it with "make generate". It reads the documents from the folder that
// [openapi.Dir] finds, decides what to write in Go, and fills in the templates of the
// folder templates, which show what the generated code looks like.
//
// The dated versions of the documents are joined: a resource has the attributes of all
// versions, an operation the parameters of the newest. Names and remarks that the
// documents do not contain are tables of this package (methods.go, notes.go, names.go,
// enums.go). Prose and examples are not read, so a full clone of Persona's repository and
// a copy without them give the same files.
package main

//go:generate go run .
