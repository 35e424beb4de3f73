// Package faulttest checks the promises of docs/guarantees.md under faults. It contains
// only tests.
//
// The tests run `idem serve` as users do: the built binary, in a process of its own, on a
// real database, with a sandbox over HTTP. Only a function for OnVerdict is added to it
// (testdata/hear.go). While people complete inquiries, the process is killed, webhooks and
// answers are lost, facts are withheld, calls hang, the network fails, connections to the
// database are cut, and clocks differ. At the end a ledger compares every row of the service
// with what happened at the sandbox.
//
// Toxiproxy causes the network faults: delays, low bandwidth, silence, and connections that
// end or are reset. It works on the bytes of TCP connections and cannot distinguish
// requests, so wire_test.go has a proxy for faults of single requests: it can let a call
// take effect and withhold its answer, kill the service after a webhook was answered and
// drop the answer, and make calls about inquiries hang. It also records which events were
// acknowledged.
//
// A host application receives the notifications (host_test.go). It fails, hangs and loses
// its answers now and then, and the process is killed before and after it takes one. Three
// more (hosts_test.go) are built as docs/service.md advises: with package idem by
// notification and by stream, and with OnVerdict in the killed process.
//
// "make test" runs the short form, "make soak" the long one.
package faulttest
