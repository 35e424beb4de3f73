package service

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
)

// testReferencesOfDotsAreFound reads subjects whose reference a path would resolve.
func testReferencesOfDotsAreFound(t *testing.T, database Secret) {
	w := newWorld(t, database)
	for reference, escaped := range map[string]string{".": "%2E", "..": "%2e%2E"} {
		body, _ := json.Marshal(map[string]string{"reference": reference, "flow": "kyc"})
		started := post[api.Verified](w, "/v1/sandbox/verifications", string(body))
		w.eventually("the verdict of "+reference+" is pending", func() bool {
			return get[api.Subject](w, "/v1/sandbox/subjects/"+escaped).Verdict == domain.VerdictPending
		})
		if s := get[api.Subject](w, "/v1/sandbox/subjects/"+escaped); s.Reference != reference {
			t.Errorf("%q is %+v", reference, s)
		}
		for _, path := range []string{"/evidence", "/timeline"} {
			if status, answer := w.request("/v1/sandbox/subjects/"+escaped+path, ""); status != http.StatusOK || !strings.Contains(answer, started.Inquiry.ID) && path == "/timeline" {
				t.Errorf("%s of %q: %d %s", path, reference, status, answer)
			}
		}
		if rows := get[listed[api.Verification]](w, "/v1/sandbox/verifications?reference="+reference).Data; len(rows) != 1 || rows[0].Reference != reference {
			t.Errorf("the verifications of %q are %+v", reference, rows)
		}
		for _, path := range []string{"", "/evidence", "/timeline"} {
			status, answer := w.request("/v1/sandbox/subjects/"+reference+path, "")
			if status != http.StatusNotFound || !strings.Contains(answer, "/problems/unknown-path") || !strings.Contains(answer, "%2E") || !strings.Contains(answer, "urn:idem:request:req_") {
				t.Errorf("%q without escapes, with %q: %d %s", reference, path, status, answer)
			}
		}
	}
}
