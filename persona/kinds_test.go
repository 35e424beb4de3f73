package persona

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEveryKindIsFoundByItsType(t *testing.T) {
	if !slices.IsSortedFunc(kinds[:], func(a, b kind) int { return strings.Compare(a.typ, b.typ) }) {
		t.Error("the table of kinds is not sorted")
	}
	for _, k := range kinds {
		typ := k.typ
		if strings.HasSuffix(typ, "/") {
			typ += "anything"
		}
		if got, want := fmt.Sprintf("%T", newObject(typ)), fmt.Sprintf("%T", k.zero); got != want {
			t.Errorf("%s is a %s, want %s", typ, got, want)
		}
	}
	for typ, want := range map[string]string{
		"inquiry": "*persona.Inquiry", "verification/selfie": "*persona.VerificationSelfie", "selfie/left": "*persona.Selfie",
		"verification-template/selfie": "*persona.VerificationTemplate", "": "*persona.Unknown", "brand-new": "*persona.Unknown", "brand/new": "*persona.Unknown", "/": "*persona.Unknown",
	} {
		if got := fmt.Sprintf("%T", newObject(typ)); got != want {
			t.Errorf("%q is a %s, want %s", typ, got, want)
		}
	}
}
