package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
)

// Mutations are the ways in which [Mutate] breaks a body: it deletes a key, changes the
// type of its value, or adds an unknown key.
func Mutations() []string { return []string{"delete", "retype", "add"} }

// Mutate breaks a JSON body in one position, to test whether that is detected. It does not
// touch parts that may be anything: customers' keys, and what Persona may omit (see
// [Exceptions]). It returns the position, with an asterisk for array indexes.
func Mutate(random *rand.Rand, body []byte, mutation string) (mutant []byte, where string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, "", fmt.Errorf("conformance: mutate: %w", err)
	}
	places := mutable(root, "")
	if len(places) == 0 {
		return nil, "", fmt.Errorf("conformance: mutate: the body has no keys")
	}
	p := places[random.IntN(len(places))]
	keys := slices.Sorted(maps.Keys(p.object))
	if mutation == "delete" && len(keys) > 1 { // it may not have been requested
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == "included" })
	}
	key := keys[random.IntN(len(keys))]
	switch mutation {
	case "delete":
		delete(p.object, key)
	case "retype":
		p.object[key] = retyped(p.object[key])
	default:
		key = "acme-unknown"
		p.object[key] = true
	}
	mutant, err = json.Marshal(root)
	return mutant, join(p.at, key), err
}

// place is an object in a body.
type place struct {
	object node
	at     string
}

// mutable returns the objects in a JSON value whose keys are not the customer's.
func mutable(value any, at string) []place {
	var found []place
	switch value := value.(type) {
	case node:
		if value[openKey] != nil {
			return nil
		}
		if len(value) > 0 && !freeKeys(path.Base(at)) {
			found = append(found, place{value, at})
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if !freeContent(key) {
				found = append(found, mutable(value[key], join(at, key))...)
			}
		}
	case []any:
		for _, element := range value {
			found = append(found, mutable(element, join(at, "*"))...)
		}
	}
	return found
}

// freeKeys reports whether the keys in an attribute are the customer's. The objects below
// them are not free.
func freeKeys(attribute string) bool { return attribute == "fields" || attribute == "headers" }

// freeContent reports whether an attribute contains data from outside, or something that an
// exception allows to omit.
func freeContent(attribute string) bool {
	return slices.Contains([]string{
		"payload-filter", "params", "get-params", "post-params", "custom-http-headers", "config", "context", "source-data",
	}, attribute)
}

// retyped returns a value of another type.
func retyped(value any) any {
	switch value.(type) {
	case string:
		return 7
	case nil:
		return []any{node{}}
	default:
		return "acme"
	}
}
