// Package contracttest holds the sandbox to Persona's OpenAPI documents. It has tests alone.
//
// One table of steps (steps_*_test.go) calls every operation of the API over HTTP,
// once for each version of the documents, and for the newest version in each casing of
// keys. Package conformance checks every request, answer and webhook. The gate then
// demands that
//
//   - every operation and every declared 2xx status was hit, in every version,
//   - the answers and webhooks of the three casings are the same, but for their keys,
//   - at least 95 % of the answers and webhooks that are broken on purpose are caught.
//
// "make conformance" prints the figures. Without Persona's documents there is nothing
// to hold the sandbox to: the tests are skipped, and "make conformance" fails.
package contracttest
