// Package storage keeps the resources of an environment in memory: one table for each
// family, rows encoded compactly, with indexes over the ids that resources are looked up
// by. It knows resources as attributes and relationships, and no kind of them.
package storage
