package postgres_test

import (
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/proxytest"
	"github.com/idemhq/idem/internal/store/postgres"
)

// silence drops all data in both directions. The connections stay open.
func silence(t *testing.T, network *toxiproxy.Proxy) {
	t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		proxytest.Disturb(t, network, `{"type": "timeout", "stream": "`+stream+`", "attributes": {"timeout": 0}}`)
	}
}

func TestASilentConnectionHoldsNoClaimAndNoShutdown(t *testing.T) {
	t.Parallel() // the test mostly waits
	url := server.Database(t)
	network := proxytest.New(t, server.Address())
	far, err := postgres.Open(t.Context(), strings.Replace(url, server.Address(), network.Listen, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := far.Claim(t.Context(), domain.Sandbox, domain.Ref{Type: "inquiry", ID: "inq_1"}); err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	silence(t, network)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		far.Close()
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it never ended")
	}
	wantClaim(t, open(t, url), domain.Ref{Type: "inquiry", ID: "inq_1"})
}

// wantClaim waits until it can claim something.
func wantClaim(t *testing.T, db *postgres.DB, target domain.Ref) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, ok, err := db.Claim(t.Context(), domain.Sandbox, target)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("only a node that is gone can have claimed %s", target)
		}
	}
}
