// Package sandbox is a local Persona: the same API, the same errors, the same signed
// webhooks and retries, with state.
//
//	sb, err := sandbox.New(sandbox.Options{})
//	http.ListenAndServe("127.0.0.1:8090", sb)
//
// In a Go test, [NewServer] starts one and hands over a client:
//
//	server := sandbox.NewServer(t)
//	inquiry, err := server.Client().Inquiries.Create(ctx, …)
//
// A new sandbox holds a few things with fixed ids, so that a program can start at
// once: two API keys, an inquiry template, a case template and an account type. They
// are the constants of this package.
//
// [Options.Seed] adds what a seed file says, [Sandbox.AddFault] lets calls and
// deliveries go wrong, [Sandbox.Advance] moves the clock, and the pages below
// /_sandbox/ show people what there is and what happened.
//
// This package is a facade. The packages below sandbox/internal do the work, and each
// imports only those before it: simclock (time), storage (tables and their encoding),
// casing, catalog (names that Persona's API has), pdf, faults, engine (requests,
// limits, events and deliveries), resources (one file for each kind of resource), acts, seed
// (seed files) and pages (inspector, hosted flow and control API).
//
// [Coverage] lists the operations, and [EventCoverage] the events. What no operation
// does, [Sandbox.Act] does. Where Persona is silent about what it does, docs/sandbox.md
// says what the sandbox does.
package sandbox
