// Package resources says what each operation of the API does, in one file for each kind
// of resource, what falls due for a resource later, and what acts do that no operation
// does. It also has the fixtures of a new sandbox.
package resources
