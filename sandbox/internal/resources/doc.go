// Package resources implements the operations of the API, one kind of resource in each
// file. It also says what happens to a resource later, and what a new sandbox contains.
//
// Attributes whose names start with an underscore are the sandbox's own. No answer shows
// them.
package resources
