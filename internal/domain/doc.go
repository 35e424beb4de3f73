// Package domain holds the words of Idem as types: environment, event, object,
// transition, decision, action, notification, verdict.
//
// Every other package of the service speaks in these words. The package does no
// I/O, knows no database and no transport, and imports nothing of the service.
// The stages (intake, advance, action, notify) pass these values along; fold and
// policy turn them into one another; the store keeps them.
package domain
