package contracttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// mutantsEach is the number of mutants per body and kind of mutation.
const mutantsEach = 3

// tally counts the mutants of a kind, and how many were detected.
type tally struct{ made, caught int }

func (c tally) share() float64 { return 100 * float64(c.caught) / float64(max(c.made, 1)) }

// hunt mutates valid bodies, one key at a time, and counts the detected mutants by kind.
// The seed determines the positions. It also returns the positions of undetected mutants.
func hunt(t *testing.T, doc *conformance.Document, exchanges []exchange, seed uint64) (found map[string]tally, missed map[string]int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	found, missed = map[string]tally{}, map[string]int{}
	for _, e := range exchanges {
		if e.status >= 300 || !e.isJSON() {
			continue
		}
		for _, mutation := range slices.Repeat(conformance.Mutations(), mutantsEach) {
			body, where, err := conformance.Mutate(random, e.body, mutation)
			if err != nil {
				t.Fatalf("%s: %v", e.what, err)
			}
			count := found[mutation]
			count.made++
			if e.check(doc, body) != nil {
				count.caught++
			} else {
				missed[fmt.Sprintf("%s %s in %s", mutation, where, e.what)]++
			}
			found[mutation] = count
		}
	}
	return found, missed
}
