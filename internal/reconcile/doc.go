// Package reconcile finds the events that no webhook brought. Persona gives a delivery
// up after eight attempts, and one that it never made leaves no trace; its list of
// events is the only place where both can be seen (Persona docs: Events).
//
// The list goes from the newest event to the oldest, by cursors, and has no filter by
// time. A reconciliation pages back from the newest event until it is behind the
// watermark, and stores what it finds on the way: what is stored already changes
// nothing, and what is not goes the way of every event. Only when it has met the
// watermark does the newest event become the next one, so that no gap is ever left
// behind it. How far it has come is saved with every page: a crash costs one page.
//
// The first reconciliation of an environment has no watermark, and pages back as far
// as it is told to. The events it finds are history: they show the state of objects,
// but nothing is decided on them.
package reconcile
