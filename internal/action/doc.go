// Package action is the table of what Idem can do at Persona. Each kind of action has the
// family of objects it acts on, its argument, what it means for a verdict, its
// precondition, and the call that performs it. Policies are validated against the table,
// and package perform uses it to act. A new kind is one entry.
package action
