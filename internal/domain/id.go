package domain

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"unicode"
)

// NewID returns an id of ours: the prefix and 96 random bits in hexadecimal. Ids of
// Persona are never made here.
func NewID(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return prefix + "_" + hex.EncodeToString(b[:])
}

// maxID is how long an id can be, in bytes: the same as webhook.ParseEnvelope takes.
const maxID = 200

// PlausibleID reports whether a text can be an id or a name of Persona's or ours: printable
// ASCII without spaces, with a letter or a digit, and not too long. Anything else is stored
// nowhere, and databases differ in what they make of it.
func PlausibleID(text string) bool {
	printable := !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	word := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	return printable && word && len(text) <= maxID
}
