package conformance_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// TestMutantsAreCaught deletes, retypes and adds keys in valid answers, one at a time, and
// counts how many of the broken answers are rejected.
func TestMutantsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	doc := newestDocument(t)
	random := rand.New(rand.NewPCG(1, 1))
	total, caught := make(map[string]int), make(map[string]int)
	missed := make(map[string]int)
	for op := range doc.Operations() {
		status := doc.Statuses(op.Method, op.Path)[0]
		header, body := response(t, doc, op, status, 1)
		if header.Get("Content-Type") != "application/json" {
			continue
		}
		for range 4 {
			for _, kind := range conformance.Mutations() {
				mutant, where, err := conformance.Mutate(random, body, kind)
				if err != nil {
					t.Fatal(err)
				}
				total[kind]++
				if doc.ValidateResponse(op.Method, op.Path, status, header, mutant) != nil {
					caught[kind]++
				} else {
					missed[kind+" "+where]++
				}
			}
		}
	}
	for kind, n := range total {
		share := 100 * float64(caught[kind]) / float64(n)
		t.Logf("%s: %.1f %% of %d caught", kind, share, n)
		if share < 95 {
			t.Errorf("%s: only %.1f %% of %d mutants caught", kind, share, n)
		}
	}
	if testing.Verbose() {
		for _, where := range slices.Sorted(maps.Keys(missed)) {
			t.Logf("missed %d times: %s", missed[where], where)
		}
	}
}
