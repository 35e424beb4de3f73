package sandbox_test

import (
	"testing"

	"github.com/idemhq/idem/sandbox"
)

func TestOldVersionsCallANormalizedAddressAnotherName(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", inquiryBody, 201)
	verification := server.acted(sandbox.Act{
		Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/database", Outcome: "passed", Extracted: map[string]any{"normalized-address-city": "SPRINGFIELD"},
	})
	for version, name := range map[string]string{"2020-05-18": "smarty-streets-address-city", "2021-05-14": "smarty-streets-address-city", "2021-07-05": "normalized-address-city", "2025-12-08": "normalized-address-city"} {
		_, _, doc := server.do("GET", "/api/v1/verifications/"+verification, "", "Persona-Version", version)
		if got := at(doc, "data", "attributes", name); got != "SPRINGFIELD" {
			t.Errorf("%s: %s is %v", version, name, got)
		}
	}
}
