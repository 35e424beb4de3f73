// Package faults describes the faults that the sandbox can inject, and decides which call
// or delivery a fault happens to. The engine and the deliveries carry it out.
package faults
