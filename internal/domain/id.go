package domain

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
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

// PlausibleID reports whether a text can be an id, or the name of an event: printable ASCII
// without spaces, with a letter or a digit, and at most 200 bytes. Check it before a text
// from outside goes to the database: PostgreSQL fails on some that SQLite takes.
func PlausibleID(text string) bool {
	printable := !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	word := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	return printable && word && len(text) <= maxID
}

// Storable returns a text that every database can keep: valid UTF-8 without NUL, cut after
// so many bytes at the most.
func Storable(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	for limit < len(text) && limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:min(limit, len(text))]
}
