// Package tutorial holds the steps of Persona's integration tutorial as six small
// programs; its test runs them.
package tutorial
