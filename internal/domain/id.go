package domain

import (
	"crypto/rand"
	"encoding/hex"
)

// NewID returns an id of ours: the prefix and 96 random bits in hexadecimal. Ids of
// Persona are never made here.
func NewID(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return prefix + "_" + hex.EncodeToString(b[:])
}
