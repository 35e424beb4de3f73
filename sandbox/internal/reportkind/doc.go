// Package reportkind knows the types of reports: what their queries must have, what a run finds,
// and what can be done with a report. It keeps no state.
package reportkind
