package engine

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const replayRetention = 24 * time.Hour // Persona docs: Idempotence

// replay is the stored answer for an idempotency key.
type replay struct {
	request [16]byte // identifies the first request
	until   int64    // in Unix milliseconds
	status  uint16
	body    string // compressed JSON
}

// replays are the stored answers of an environment. All are kept for the same time.
type replays struct {
	byKey  map[string]replay
	oldest []string // keys, in the order in which they were stored
}

// idempotently answers a POST whose key is known with the stored answer, be it a success
// or a failure (Persona docs: Idempotence). It refuses a key that comes with another
// request. The engine carries requests out one by one, so two with the same key never run
// at the same time.
func (e *Engine) idempotently(r *request, record *CallRecord, do func() response) response {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method != http.MethodPost {
		return do()
	}
	sum := sha256.Sum256(slices.Concat([]byte(r.URL.RequestURI()), []byte{0}, r.body))
	fingerprint := [16]byte(sum[:])
	if stored, ok := r.env.replays.byKey[key]; ok && r.now.UnixMilli() < stored.until {
		if stored.request != fingerprint {
			return errorResponse(Conflict("the request does not match the original one with this idempotency key"), "kebab")
		}
		record.Replayed = true
		return response{status: int(stored.status), contentType: catalog.JSONContent, body: e.answers.expand(stored.body)}
	}
	res := do()
	if res.status == http.StatusTooManyRequests {
		return res // never stored (Persona docs: Errors)
	}
	r.env.replays.store(key, replay{fingerprint, r.now.Add(replayRetention).UnixMilli(), uint16(res.status), e.answers.compress(res.body)}, r.now)
	return res
}

// store stores an answer, and removes those that have expired.
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

// compressor compresses answers with a dictionary, because most of an answer is names that
// all answers have.
type compressor struct {
	writer *flate.Writer // made on first use, because it is large
}

// dictionary returns what the resources that are created most often look like.
var dictionary = sync.OnceValue(func() []byte {
	e := Engine{shapes: parseShapes()} // without files, rendering needs no more
	var all []byte
	for _, typ := range []string{"report/watchlist", "transaction", "case", "account", "inquiry"} {
		doc := map[string]any{"data": e.render(&storage.Resource{Typ: typ, Attributes: map[string]any{"fields": storage.NewInquiryFields(storage.PersonFields())}}, renderOptions{version: catalog.DefaultVersion})}
		text, _ := encodeJSON(doc) // maps, strings and numbers only
		all = append(all, text...)
	}
	return all
})

func (p *compressor) compress(body []byte) string {
	if p.writer == nil {
		p.writer, _ = flate.NewWriterDict(nil, flate.DefaultCompression, dictionary()) // the level exists
	}
	var small bytes.Buffer
	p.writer.Reset(&small)
	_, _ = p.writer.Write(body) // to memory
	_ = p.writer.Close()
	return small.String()
}

func (p *compressor) expand(small string) []byte {
	body, _ := io.ReadAll(flate.NewReaderDict(strings.NewReader(small), dictionary())) // from memory
	return body
}
