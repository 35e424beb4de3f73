// Package storage keeps the resources of an environment in memory: one table for each
// family, with compactly encoded rows and indexes. It knows a resource as attributes and
// relationships.
package storage
