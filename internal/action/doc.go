// Package action is the table of what Idem can do at Persona: for each kind of action the
// object it acts on, its argument, what it means for a verdict, when it may still be
// performed, and the call that performs it. Policies are checked against it, and
// package perform performs by it. A new kind is one more entry of the table.
package action
