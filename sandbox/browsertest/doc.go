// Package browsertest tests the sandbox's hosted page in a real browser, embedded with
// Persona's package for browsers. It contains only tests; scripts/browser installs what they
// need.
package browsertest
