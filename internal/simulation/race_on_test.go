//go:build race

package simulation

// underRace reports whether the race detector is on, which makes everything ten times
// slower.
const underRace = true
