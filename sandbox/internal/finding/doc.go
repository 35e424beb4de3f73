// Package finding knows what a verification finds out: its checks, and the data of the sample
// person. A test chooses what differs from that, in Go, in a seed file, on the hosted page or
// by a magic input.
package finding
