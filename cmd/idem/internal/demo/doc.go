// Package demo walks through Persona's integration tutorial in six steps, against a
// fresh sandbox and a fresh service that talk to each other over loopback HTTP as a
// customer's would, and checks every outcome.
//
// [Run] is what `idem demo` does. It is also the shortest proof that the parts fit:
// nothing in it reaches into the service or the sandbox except through their HTTP
// interfaces.
package demo
