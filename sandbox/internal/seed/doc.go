// Package seed reads seed files, and creates what they say in a new sandbox. Keys,
// webhooks and accounts are created by the operations of the API, so that its rules hold.
package seed
