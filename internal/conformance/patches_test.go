package conformance

import (
	"reflect"
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
				t.Fatalf("%s no longer exists: take the patch away", p.at[:slash])
			}
			was := original.at(p.at)
			switch {
			case p.why == "":
				t.Error("the patch gives no reason")
			case p.add:
				for _, element := range list(was) {
					if reflect.DeepEqual(element, p.value) {
						t.Error("the document holds it by now: take the patch away")
					}
				}
			case reflect.DeepEqual(was, p.value):
				t.Error("the document says so by now: take the patch away")
			}
		})
	}
}
