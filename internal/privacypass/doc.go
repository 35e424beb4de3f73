// Package privacypass implements the client side of Persona's privacy passes for tests of
// the sandbox: it blinds a token, which Persona signs, and turns the signature into a pass.
//
// A pass is a blind RSA signature (RFC 9474, RSABSSA-SHA384-PSS-Randomized) of the hashes
// of a nonce, the challenge's MAC and the key's id (Persona docs: Challenge mechanism).
package privacypass
