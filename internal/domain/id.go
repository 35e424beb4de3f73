package domain

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NewID returns a new id for the service's own rows: the prefix and 96 random bits in
// hexadecimal.
func NewID(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + "_" + hex.EncodeToString(b[:])
}

// maxID is the maximum length of an id in bytes, as in webhook.ParseEnvelope.
const maxID = 200

// PlausibleID reports whether text can be an id or the name of an event: at most 200 bytes
// of printable ASCII without spaces, with at least one letter or digit. Check input before
// passing it to the database, since PostgreSQL fails on some strings that SQLite accepts.
func PlausibleID(text string) bool {
	printable := !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	word := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	return printable && word && len(text) <= maxID
}

// Storable makes text valid for every database: UTF-8, without NUL, and at most limit bytes
// long.
func Storable(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	for limit < len(text) && limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:min(limit, len(text))]
}
