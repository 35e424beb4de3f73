//go:build !race

package service

// underRace says that the race detector makes everything several times slower.
const underRace = false
