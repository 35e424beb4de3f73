package sandbox

import (
	"testing"
)

func TestEveryAttributeKeepsItsNameThroughEveryCasing(t *testing.T) {
	t.Parallel()
	for typ, shape := range parseShapes() {
		for _, properties := range [][]property{shape.attributes, shape.relationships} {
			for _, p := range properties {
				for _, casing := range []string{"kebab", "snake", "camel"} {
					if got := kebab(cased(p.name, casing)); got != p.name {
						t.Errorf("%s of %s in %s is read as %s", p.name, typ, casing, got)
					}
				}
			}
		}
	}
}

func FuzzKebab(f *testing.F) {
	for _, key := range []string{"inquiry-template-id", "inquiryTemplateId", "inquiry_template_id", "addressStreet1", "ABC", "é", ""} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		once := kebab(key)
		if again := kebab(once); again != once {
			t.Errorf("%q becomes %q, and then %q", key, once, again)
		}
	})
}
