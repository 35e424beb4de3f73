// Package casing converts the keys of JSON documents between kebab-case, snake_case and
// camelCase.
package casing
