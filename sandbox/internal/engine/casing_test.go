package engine

import (
	"testing"

	"github.com/idemhq/idem/sandbox/internal/casing"
)

func TestEveryAttributeKeepsItsNameThroughEveryCasing(t *testing.T) {
	t.Parallel()
	for typ, shape := range parseShapes() {
		for _, properties := range [][]property{shape.attributes, shape.relationships} {
			for _, p := range properties {
				for _, style := range []string{"kebab", "snake", "camel"} {
					if got := casing.Kebab(casing.Cased(p.name, style)); got != p.name {
						t.Errorf("%s of %s in %s is read as %s", p.name, typ, style, got)
					}
				}
			}
		}
	}
}
