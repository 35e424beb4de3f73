// Package resources says what each operation of the API does, in one file for each kind
// of resource, and what falls due for a resource later. It also has the
// fixtures of a new sandbox.
package resources
