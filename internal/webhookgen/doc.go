// Command webhookgen writes the generated files of persona/webhook: a constant for
// every event name, and a typed method of Handler for every event that Persona's
// OpenAPI documents describe. `make generate` runs it.
package main
