package gate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// tally counts the mutants of a kind, and those that were caught.
type tally struct{ made, caught int }

func (c tally) share() float64 { return 100 * float64(c.caught) / float64(max(c.made, 1)) }

// mutantsEach is how often a body is broken in each way.
const mutantsEach = 3

// mutantKinds are the ways in which a body is broken.
func mutantKinds() []string { return []string{"delete", "retype", "add"} }

// hunt breaks bodies that are right, one key at a time, and counts the mutants that are
// caught, by kind. The places follow from the seed. Those that were missed come by
// place.
func hunt(t *testing.T, doc *conformance.Document, exchanges []exchange, seed uint64) (found map[string]tally, missed map[string]int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	found, missed = map[string]tally{}, map[string]int{}
	for _, e := range exchanges {
		if e.status >= 300 || !e.isJSON() {
			continue
		}
		for _, kind := range slices.Repeat(mutantKinds(), mutantsEach) {
			body, where := mutant(t, random, e.body, kind)
			count := found[kind]
			count.made++
			if e.check(doc, body) != nil {
				count.caught++
			} else {
				missed[fmt.Sprintf("%s %s in %s", kind, where, e.what)]++
			}
			found[kind] = count
		}
	}
	return found, missed
}

// place is an object somewhere in a body.
type place struct {
	object map[string]any
	at     string
}

// mutant changes one key of one object in a body.
func mutant(t *testing.T, random *rand.Rand, body []byte, kind string) (changed []byte, where string) {
	t.Helper()
	root, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	places := objects(root, "")
	p := places[random.IntN(len(places))]
	keys := slices.Sorted(maps.Keys(p.object))
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
	changed, err = json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return changed, p.at + "/" + key
}

// objects are the objects of a JSON value that have keys. Those whose keys the customer
// chose are left out, since no document says which there are.
func objects(value any, at string) []place {
	var found []place
	switch value := value.(type) {
	case map[string]any:
		if len(value) > 0 && !chosen(path.Base(at)) {
			found = append(found, place{value, at})
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if !free(key) {
				found = append(found, objects(value[key], at+"/"+key)...)
			}
		}
	case []any:
		for _, inner := range value {
			found = append(found, objects(inner, at+"/*")...)
		}
	}
	return found
}

// chosen reports whether the keys in an attribute are the customer's. What they lead to
// is not.
func chosen(attribute string) bool { return attribute == "fields" || attribute == "headers" }

// free reports whether an attribute holds what the customer sent, or what an exception
// leaves out.
func free(attribute string) bool {
	return slices.Contains([]string{"payload-filter", "params", "get-params", "post-params", "custom-http-headers", "context"}, attribute)
}

// retyped is a value of another type.
func retyped(value any) any {
	switch value.(type) {
	case string:
		return 7
	case nil:
		return []any{map[string]any{}}
	default:
		return "acme"
	}
}
