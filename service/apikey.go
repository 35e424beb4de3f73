package service

import (
	"net/http"
	"sync/atomic"

	"github.com/idemhq/idem/persona"
)

// apiKey is an API key that can be replaced while calls are made.
type apiKey struct{ current atomic.Pointer[Secret] }

func newAPIKey(key Secret) *apiKey {
	k := &apiKey{}
	k.set(key)
	return k
}

func (k *apiKey) set(key Secret) { k.current.Store(&key) }

func (k *apiKey) get() Secret { return *k.current.Load() }

// use gives each attempt of a call the current key. So a call that began with the old key
// is retried with the new one.
func (k *apiKey) use(next persona.Doer) persona.Doer {
	return func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "" { // some operations need no key
			r.Header.Set("Authorization", "Bearer "+k.get().Reveal())
		}
		return next(r)
	}
}
