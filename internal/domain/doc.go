// Package domain defines the types of the service's domain: environment, event, object,
// transition, decision, action, notification and verdict.
//
// The stages (intake, advance, perform, notify) pass these values along, fold and policy
// compute with them, and the store persists them. The package does no I/O and imports
// nothing of the service.
package domain
