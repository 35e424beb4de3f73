package serve_test

import (
	"net/http"
	"testing"

	"github.com/idemhq/idem/internal/serve"
)

func TestOnlyNamesOfThisMachineAreLoopbackHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "[::1]": true, "localhost": true, "shop.localhost:8080": true,
		"rebound.example.com:8080": false, "192.0.2.1": false, "": false, "localhost.example.com": false, "notlocalhost": false,
	} {
		if got := serve.LoopbackHost(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}
