// Package simulation runs the service and the sandbox in one process on a fake clock, so
// that days pass in seconds. It has tests alone.
//
// A seed draws people, what they and their reviewers do, the rules, what goes wrong with
// calls and webhooks, and when the service stops or crashes. Afterwards the books are
// compared: what happened at the sandbox, what the service stored, and what the rules say
// when they are read plainly.
//
// Everything runs inside of a bubble of testing/synctest: connections are in memory, and
// time passes when every goroutine waits for it. "make test" makes 20 runs, "make soak"
// 1,000. A failure prints its seed:
//
//	SEED=123 go test ./internal/simulation
//
// runs that one alone, with the service's log. It draws the same again; which of two
// goroutines comes first is for Go's scheduler, which has one processor here so that it
// has little to choose.
package simulation
