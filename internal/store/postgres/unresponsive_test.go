package postgres_test

import (
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/postgres"
)

// newNetwork starts a proxy in front of a server. It works until it is silenced.
func newNetwork(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	network := toxiproxy.NewProxy(proxies, upstream, "127.0.0.1:0", upstream)
	if err := network.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Stop)
	return network
}

// silence drops all data in both directions. The connections stay open.
func silence(t *testing.T, network *toxiproxy.Proxy) {
	t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := `{"type": "timeout", "stream": "` + stream + `", "attributes": {"timeout": 0}}`
		if _, err := network.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatalf("%s: %v", toxic, err)
		}
	}
}

func TestASilentConnectionHoldsNoClaimAndNoShutdown(t *testing.T) {
	t.Parallel() // the test mostly waits
	url := server.Database(t)
	network := newNetwork(t, server.Address())
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
