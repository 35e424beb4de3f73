// Package risk knows the risk signals of a person's behavior, of a session and of a report:
// those that everybody has, and those that a test sets.
package risk
