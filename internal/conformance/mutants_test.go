package conformance_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// TestMutantsAreCaught deletes, retypes and adds keys in valid answers, one at a
// time, and counts how many of the broken answers are refused.
func TestMutantsAreCaught(t *testing.T) {
	doc := conformance.LoadOrSkip(t, newest)
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
			for _, kind := range []string{"delete", "retype", "add"} {
				mutant, where := mutate(t, random, body, kind)
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

// mutate changes one object somewhere in the body, outside of what may be anything:
// maps whose keys the customer chooses, and the places that Persona may leave out.
func mutate(t *testing.T, random *rand.Rand, body []byte, kind string) (mutant []byte, where string) {
	t.Helper()
	var root any
	if err := json.Unmarshal(body, &root); err != nil {
		t.Fatal(err)
	}
	type place struct {
		object map[string]any
		at     string
	}
	var places []place
	var visit func(value any, at string)
	visit = func(value any, at string) {
		switch value := value.(type) {
		case map[string]any:
			if value["acme_Key-1"] != nil || value["favourite_colour"] != nil {
				return
			}
			if len(value) > 0 {
				places = append(places, place{value, at})
			}
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if !slices.Contains([]string{"config", "headers", "source-data", "context"}, key) {
					visit(value[key], at+"/"+key)
				}
			}
		case []any:
			for _, element := range value {
				visit(element, at+"/*")
			}
		}
	}
	visit(root, "")
	p := places[random.IntN(len(places))]
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(p.object)), func(key string) bool { return kind == "delete" && key == "included" })
	key := keys[random.IntN(len(keys))]
	switch kind {
	case "delete":
		delete(p.object, key)
	case "retype":
		p.object[key] = retyped(p.object[key])
	case "add":
		key = "acme-unknown"
		p.object[key] = true
	}
	mutant, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return mutant, p.at + "/" + key
}

func retyped(value any) any {
	switch value.(type) {
	case []any, map[string]any:
		return "acme"
	default:
		return []any{map[string]any{}}
	}
}
