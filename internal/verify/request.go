package verify

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/domain"
)

// Request asks to verify a subject.
type Request struct {
	Environment domain.Environment
	Reference   string // the subject
	Flow        string // its name

	// Fields and RedirectURI are for a new inquiry. An inquiry that is reused keeps its own.
	Fields      Fields
	RedirectURI string

	Actor string // who asks, for the audit trail
}

const (
	maxReference = 254  // in characters; Persona's limit
	maxRedirect  = 2048 // in bytes
	maxReason    = 500  // in bytes
)

// RequestError means that a request is invalid. Field is its part, as in the API.
type RequestError struct {
	Field   string
	Problem string
}

func (e *RequestError) Error() string { return e.Field + ": " + e.Problem }

// Unwrap returns [ErrInvalid].
func (e *RequestError) Unwrap() error { return ErrInvalid }

// errOtherSpelling means that Persona gave an inquiry to an account whose reference id is
// written in another way.
var errOtherSpelling = &RequestError{"reference", "Persona has an account with this reference id in another spelling, and does not distinguish capitals: always write it as there"}

// checkReference returns an error if a text cannot be the reference id of a subject.
func checkReference(reference string) error {
	switch {
	case strings.TrimSpace(reference) == "":
		return &RequestError{"reference", "it is empty: give your id of the person or business"}
	case strings.ContainsRune(reference, utf8.RuneError):
		// Decoding JSON replaces what is not UTF-8, so it could be anybody's.
		return &RequestError{"reference", "it is not valid UTF-8"}
	case strings.ContainsRune(reference, 0) || utf8.RuneCountInString(reference) > maxReference:
		return &RequestError{"reference", "a reference id has at most 254 characters of UTF-8, none of them zero"}
	}
	return nil
}

// CheckRedirect returns an error if Persona's page must not lead to an address: it must be
// https, or http at this machine if that is allowed, for development.
func CheckRedirect(address string, allowLoopback bool) error {
	fail := func(problem string) error { return &RequestError{"redirect_uri", problem} }
	u, err := url.Parse(address)
	switch {
	case len(address) > maxRedirect:
		return fail("it is longer than 2048 bytes")
	case err != nil || u.Hostname() == "" || strings.ContainsFunc(address, unusual):
		return fail("it is not an address such as https://host.example/verified")
	case u.User != nil:
		return fail("it contains a user or a password")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		if !allowLoopback {
			return fail("an address of this machine is for development: allow_private_addresses allows it")
		}
		return nil
	}
	return fail("it must begin with https://")
}

// unusual reports characters that browsers and parsers understand differently.
func unusual(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// checkReason returns an error if a text is no reason for a change.
func checkReason(reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return &RequestError{"reason", "say why, for the audit trail"}
	case len(reason) > maxReason || domain.Storable(reason, maxReason) != reason:
		return &RequestError{"reason", "a reason has at most 500 bytes of UTF-8, none of them zero"}
	}
	return nil
}
