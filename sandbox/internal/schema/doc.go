// Package schema knows the fields that templates and types declare: how answers describe
// them, which values a request may write, and how these are stored.
package schema
