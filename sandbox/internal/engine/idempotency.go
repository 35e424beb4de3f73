package engine

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const replayRetention = 24 * time.Hour // Persona docs: Idempotence

// replay is a stored answer under an idempotency key.
type replay struct {
	request [16]byte // what the first request was
	until   int64    // in Unix milliseconds
	status  uint16
	body    string // compressed JSON
}

// replays are the stored answers of an environment. All live equally long.
type replays struct {
	byKey  map[string]replay
	oldest []string // keys, in the order in which they were stored
}

// idempotently answers a POST whose key was seen with the answer it got then,
// success or failure (Persona docs: Idempotence). A key that comes with another
// request is refused. Requests of an environment are carried out one by one, so two
// with the same key never run at the same time.
func (s *Engine) idempotently(env *Environment, r *http.Request, body []byte, now time.Time, record *CallRecord, do func() response) response {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost {
		return do()
	}
	sum := sha256.Sum256(slices.Concat([]byte(r.URL.RequestURI()), []byte{0}, body))
	fingerprint := [16]byte(sum[:])
	if stored, ok := env.replays.byKey[key]; ok && now.UnixMilli() < stored.until {
		if stored.request != fingerprint {
			return errorResponse(Conflict("the request does not match the original one with this idempotency key"), "kebab")
		}
		record.Replayed = true
		return response{status: int(stored.status), contentType: catalog.JSONContent, body: s.answers.expand(stored.body)}
	}
	res := do()
	if res.status == http.StatusTooManyRequests {
		return res // never stored (Persona docs: Errors)
	}
	env.replays.store(key, replay{fingerprint, now.Add(replayRetention).UnixMilli(), uint16(res.status), s.answers.compress(res.body)}, now)
	return res
}

// store keeps an answer, and forgets those whose time is over.
func (r *replays) store(key string, answer replay, now time.Time) {
	for len(r.oldest) > 0 && r.byKey[r.oldest[0]].until <= now.UnixMilli() {
		delete(r.byKey, r.oldest[0])
		r.oldest[0] = ""
		r.oldest = r.oldest[1:]
	}
	r.put(key, answer)
}

func (r *replays) put(key string, answer replay) {
	if r.byKey == nil {
		r.byKey = map[string]replay{}
	}
	r.byKey[key] = answer
	r.oldest = append(r.oldest, key)
}

// compressor makes answers small: most of an answer are names that every one has.
type compressor struct {
	common []byte
	writer *flate.Writer // made when it is needed first: it is large
}

// newCompressor knows the names of what is created most often.
func newCompressor(s *Engine) compressor {
	var p compressor
	for _, typ := range []string{"report/watchlist", "transaction", "case", "account", "inquiry"} {
		doc := map[string]any{"data": s.Render(&storage.Resource{Typ: typ, Attributes: map[string]any{"fields": storage.BlankFields(storage.PersonFields())}}, RenderOptions{Version: catalog.DefaultVersion})}
		text, _ := json.Marshal(doc) // maps, strings and numbers only
		p.common = append(p.common, text...)
	}
	return p
}

func (p *compressor) compress(body []byte) string {
	if p.writer == nil {
		p.writer, _ = flate.NewWriterDict(nil, flate.DefaultCompression, p.common) // the level exists
	}
	var small bytes.Buffer
	p.writer.Reset(&small)
	_, _ = p.writer.Write(body) // to memory
	_ = p.writer.Close()
	return small.String()
}

func (p *compressor) expand(small string) []byte {
	body, _ := io.ReadAll(flate.NewReaderDict(strings.NewReader(small), p.common)) // from memory
	return body
}
