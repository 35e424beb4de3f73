package remote_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
)

func TestAPartOfAPathArrivesAsItIs(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sandbox/subjects/{reference}", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(r.PathValue("reference")) // the client may be gone
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := remote.Client{URL: server.URL, Environment: "sandbox"}
	for _, part := range []string{"user-1", ".", "..", "../..", "a/b", "50%2F", "x?y#z", "ü", " "} {
		var got string
		if err := client.Get(t.Context(), remote.Path("subjects", part), nil, &got); err != nil || got != part {
			t.Errorf("%q arrives as %q, error %v", part, got, err)
		}
	}
}
