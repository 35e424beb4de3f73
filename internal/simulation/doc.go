// Package simulation runs the service and the sandbox in one process on a fake clock, so
// that days pass in seconds. It contains only tests.
//
// A seed determines the people, what they and their reviewers do, the rules, the faults of
// calls and webhooks, and when the service stops or crashes. At the end, what happened at
// the sandbox, what the service stored, and an independent implementation of the rules are
// compared.
//
// Everything runs in a testing/synctest bubble: connections are in memory, and time passes
// when every goroutine is waiting. "make test" makes 20 runs, "make soak" 1,000. A failure
// prints its seed:
//
//	SEED=123 go test ./internal/simulation
//
// repeats that run with the service's log. The random choices are the same. The order of
// goroutines still depends on Go's scheduler, which has only one processor here to reduce
// the differences.
package simulation
