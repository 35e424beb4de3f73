// Package faults describes what goes wrong on purpose, and decides which call or
// delivery it happens to. Carrying a fault out is the engine's job.
package faults
