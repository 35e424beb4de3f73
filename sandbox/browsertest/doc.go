// Package browsertest walks through the sandbox's hosted page in a real browser, with
// Persona's own package for browsers around it. It holds tests only; scripts/browser
// installs what they need.
package browsertest
