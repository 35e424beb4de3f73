// Package dev runs a sandbox, a service and a status page in one process, wired
// together over loopback HTTP as a customer's would be. It is what `idem dev` does.
package dev
