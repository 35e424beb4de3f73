package sandbox

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"time"
)

const replayRetention = 24 * time.Hour // Persona docs: Idempotence

// replay is a stored answer under an idempotency key.
type replay struct {
	request [sha256.Size]byte
	response
	until time.Time
}

// idempotently answers a POST whose key was seen with the answer it got then,
// success or failure (Persona docs: Idempotence). A key that comes with another
// request is refused. Requests of an environment are carried out one by one, so two
// with the same key never run at the same time.
func (s *Sandbox) idempotently(env *environment, r *http.Request, body []byte, now time.Time, record *CallRecord, do func() response) response {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost {
		return do()
	}
	fingerprint := sha256.Sum256(slices.Concat([]byte(r.URL.RequestURI()), []byte{0}, body))
	if stored := env.replays[key]; stored != nil && now.Before(stored.until) {
		if stored.request != fingerprint {
			return errorResponse(conflict("the request does not match the original one with this idempotency key"), "kebab")
		}
		record.Replayed = true
		return stored.response
	}
	res := do()
	if res.status == http.StatusTooManyRequests {
		return res // never stored (Persona docs: Errors)
	}
	for {
		_, old, due := env.replaysEnd.take(now)
		if !due {
			break
		}
		if !now.Before(env.replays[old].until) {
			delete(env.replays, old)
		}
	}
	env.replays[key] = &replay{fingerprint, res, now.Add(replayRetention)}
	env.replaysEnd.put(now.Add(replayRetention), key)
	return res
}
