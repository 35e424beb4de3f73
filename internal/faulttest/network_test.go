package faulttest

import (
	"context"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/idemhq/idem/internal/proxytest"
)

// disturbances returns the ways in which a network can fail: it is slow, has little
// bandwidth, stops responding, ends connections in the middle, and resets them.
func disturbances() []string {
	return []string{
		`{"type": "latency", "attributes": {"latency": 300, "jitter": 200}}`,
		`{"type": "latency", "stream": "upstream", "attributes": {"latency": 300, "jitter": 200}}`,
		`{"type": "bandwidth", "attributes": {"rate": 20}}`,
		`{"type": "timeout", "attributes": {"timeout": 0}}`,
		`{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`,
		`{"type": "limit_data", "attributes": {"bytes": 3000}}`,
		`{"type": "reset_peer", "attributes": {"timeout": 20}}`,
		`{"type": "reset_peer", "stream": "upstream", "toxicity": 0.5, "attributes": {"timeout": 20}}`,
	}
}

// disturb disturbs networks in one way for a while.
func disturb(t *testing.T, how string, long time.Duration, networks ...*toxiproxy.Proxy) {
	t.Helper()
	for _, network := range networks {
		proxytest.Disturb(t, network, how)
	}
	time.Sleep(long) // the duration is part of the disturbance; this does not wait for anything
	for _, network := range networks {
		network.Toxics.ResetToxics(context.Background())
	}
}

// TestTheNetworkFails disturbs the network between the service and Persona, and between the
// service and its database, in every way.
func TestTheNetworkFails(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		end := w.arrivals(400 * time.Millisecond)
		for _, how := range disturbances() {
			disturb(t, how, time.Second, w.network)
			if db.network != nil {
				disturb(t, how, time.Second, db.network)
			}
		}
		end()
		w.settle()
		w.audit()
	})
}
