// Package seed reads seed files, and adds their contents to a new sandbox. It creates keys,
// webhooks and accounts with the operations of the API, so that the API's rules apply.
package seed
