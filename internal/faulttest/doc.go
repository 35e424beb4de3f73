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
// "make test" runs the short form, "make soak" the long one.
package faulttest
