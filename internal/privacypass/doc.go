// Package privacypass is a client's side of Persona's privacy passes: it blinds what
// Persona signs, and makes a pass of the signature, for tests of the sandbox.
//
// A pass is a blind RSA signature (RFC 9474, RSABSSA-SHA384-PSS-Randomized) over the
// hashes of a nonce, the challenge's MAC and the key's id (Persona docs: Challenge
// mechanism).
package privacypass
