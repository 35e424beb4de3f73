// Package contracttest compares the sandbox with Persona's OpenAPI documents. It contains
// only tests.
//
// One table of steps (steps_*_test.go) calls every operation of the API over HTTP, once for
// each version of the documents, and for the newest version in each casing of keys. Package
// conformance checks every request, answer and webhook. The tests then require that
//
//   - every operation and every declared 2xx status occurred in every version,
//   - the answers and webhooks of the three casings are equal except for their keys,
//   - at least 95 % of the intentionally broken answers and webhooks are detected.
//
// "make conformance" prints the results. Without Persona's documents the tests are skipped,
// and "make conformance" fails.
package contracttest
