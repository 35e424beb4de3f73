// Package faulttest shows that the service keeps what docs/guarantees.md promises. It has
// tests alone.
//
// They run `idem serve` as its users do: the built binary, in a process of its own, on
// a real database, against a sandbox over HTTP. People go through inquiries meanwhile,
// and things go wrong: the process is killed in the middle of what it does, webhooks
// and answers are lost, facts are withheld, calls hang, the network fails, connections to
// the database are cut, clocks differ. When everything is done, a ledger compares every
// row of the service with what happened at the sandbox.
//
// Faults of the network (delays, narrow lines, silence, resets, broken connections) are
// toxiproxy's. The wire in wire_test.go stays our own, because toxiproxy disturbs bytes of
// TCP connections and cannot tell one request from another. These tests must act on a
// certain request at a certain moment: let a call take effect and withhold its answer, kill
// the service after a webhook was answered and drop the answer, let calls about inquiries
// hang, and record which events were acknowledged.
//
// "make test" runs the short form, "make soak" the long one.
package faulttest
