// Package sandbox is a local Persona: a server with state that has Persona's API, errors,
// signed webhooks and retries.
//
//	sb, err := sandbox.New(sandbox.Options{})
//	http.ListenAndServe("127.0.0.1:8090", sb)
//
// In a Go test, [NewServer] starts one and returns a client:
//
//	server := sandbox.NewServer(t)
//	inquiry, err := server.Client().Inquiries.Create(ctx, …)
//
// A new sandbox contains what a program needs to start: API keys, templates and types with
// fixed ids, which are constants of this package. A seed file adds more: see
// [Options.Seed].
//
// To test what rarely happens, inject faults with [Sandbox.AddFault], move the clock with
// [Sandbox.Advance], and let people and Persona act with [Sandbox.Act]. The inspector at
// /_sandbox/ shows what the sandbox contains and what happened.
//
// [Coverage] lists the operations that the sandbox serves, and [EventCoverage] the events
// that it emits. docs/sandbox.md says what it does where Persona's documents are silent.
//
// This package is a facade. The packages in sandbox/internal do the work. In this order,
// each imports only those before it: simclock (time), storage (tables), casing, catalog
// (names in Persona's API), pdf, faults, deliveries (webhooks), engine (requests, limits and
// events), reportkind, passes, fixtures (the contents of a new sandbox), resources (a file for
// each kind of resource), acts, seed and pages (inspector, hosted page and control API).
package sandbox
