// Package reconcile recovers events whose webhook never arrived. Persona gives up on a
// webhook after eight attempts, and a webhook that was never sent leaves no trace.
// Persona's list of events shows both (Persona docs: Events).
//
// The list is sorted from the newest event to the oldest, has cursors, and cannot be
// filtered by time. A reconciliation pages back from the newest event to the watermark and
// stores the events that are missing; they are then processed like any other. The newest
// event becomes the new watermark only when the old one is reached, so no event behind the
// watermark is missing. Progress is saved with every page: a crash repeats at most one
// page.
//
// The first reconciliation of an environment has no watermark and pages back as far as
// requested. The events it finds are history: they show the state of objects, but no
// decision is made on them.
package reconcile
