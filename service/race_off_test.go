//go:build !race

package service

// underRace reports whether the race detector is on, which makes everything several times
// slower.
const underRace = false
