// Package simclock is the sandbox's time: a clock that can be moved forward, a queue of
// what falls due, and timestamps in Persona's format.
package simclock
