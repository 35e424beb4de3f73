package conformance

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestEveryPatchIsNeeded(t *testing.T) {
	doc := LoadOrSkip(t, "2025-12-08")
	raw, err := read(doc.dir, doc.Version)
	if err != nil {
		t.Fatal(err)
	}
	original := &Document{root: raw}
	for _, p := range patches() {
		t.Run(strings.TrimPrefix(p.at, "/"), func(t *testing.T) {
			slash := strings.LastIndex(p.at, "/")
			if _, ok := original.at(p.at[:slash]).(node); !ok {
				t.Fatalf("%s no longer exists: remove the patch", p.at[:slash])
			}
			was := original.at(p.at)
			switch {
			case p.why == "":
				t.Error("the patch gives no reason")
			case p.add:
				for _, element := range list(was) {
					if reflect.DeepEqual(element, p.value) {
						t.Error("the document now contains it: remove the patch")
					}
				}
			case reflect.DeepEqual(was, p.value):
				t.Error("the document now says so: remove the patch")
			}
		})
	}
}

func TestEveryExceptionIsAPlaceInItsResource(t *testing.T) {
	doc := LoadOrSkip(t, "2025-12-08")
	for _, e := range Exceptions() {
		t.Run(e.Resource+e.Place, func(t *testing.T) {
			if e.Why == "" {
				t.Error("the exception gives no reason")
			}
			schema := doc.member(doc.root, "components", "schemas", doc.components[e.Resource])
			for token := range strings.SplitSeq(strings.TrimPrefix(e.Place, "/"), "/") {
				if items, ok := schema["items"].(node); ok {
					schema = doc.resolve(items)
				}
				if byType, ok := doc.members(schema); ok {
					schema = byType[slices.Sorted(maps.Keys(byType))[0]].(node)
				}
				if schema = doc.property(schema, token); schema == nil {
					t.Fatalf("there is no %s", token)
				}
			}
		})
	}
}
