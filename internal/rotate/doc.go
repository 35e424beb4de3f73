// Package rotate replaces an API key, or the secrets of webhooks, at Persona and in a file.
//
// A rotation is a series of steps. What a step did is found again in the file, in a small
// state file next to it, or at Persona. So after a crash the next call of Step continues.
// The state file has ids and hashes, no key and no secret.
//
//   - [Key] clones the API key, writes the clone's value to the file, waits until nobody
//     uses the old key any more, as far as Persona's records show, and then expires it.
//   - [Secrets] lets Persona make a new secret while the old one stays valid, adds the new
//     one to the file, and removes the old one when it has expired.
package rotate
