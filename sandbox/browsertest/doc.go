// Package browsertest tests the sandbox's pages in a real browser: the hosted page embedded
// with Persona's package for browsers, and whether people can use every page with a phone, with
// a keyboard and without seeing it. It contains only tests; scripts/browser installs what they
// need.
package browsertest
