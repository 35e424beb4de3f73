// Package simclock is the sandbox's time: a clock that can be moved forward, a queue ordered
// by time, and times in Persona's format.
package simclock
