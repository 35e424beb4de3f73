// Specgen writes the generated files of the SDK from Persona's OpenAPI documents.
//
//	go generate ./persona
//
// It reads every dated version that it finds and joins them: a resource has the
// attributes of all versions, an operation the parameters of the newest. Names and remarks
// that are not taken from the documents are tables of this package (methods.go, enums.go,
// naming.go, notes.go). Prose and examples are not read, so a full clone of Persona's
// repository and a copy without them give the same files.
package main
