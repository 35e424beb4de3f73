package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// answer is an answer that is held back until it is complete.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// send sends the answer.
func (a *answer) send() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.ResponseWriter.WriteHeader(a.status)
	_, _ = a.ResponseWriter.Write(a.body.Bytes()) // the client may have disconnected
}

// hold runs an operation and returns its answer, which is not sent yet.
func hold(ctx huma.Context, r *http.Request, w http.ResponseWriter, next func(huma.Context)) *answer {
	held := &answer{ResponseWriter: w}
	next(humago.NewContext(ctx.Operation(), r, held))
	return held
}

// streams reports whether the answer of an operation is sent piece by piece.
func streams(o *huma.Operation) bool {
	ok := o.Responses["200"]
	return ok != nil && ok.Content["text/event-stream"] != nil
}

// tag gives every JSON answer to a GET an ETag, and answers 304 if the client has it.
func tag(ctx huma.Context, next func(huma.Context)) {
	if ctx.Method() != http.MethodGet || streams(ctx.Operation()) {
		next(ctx)
		return
	}
	r, w := humago.Unwrap(ctx)
	held := hold(ctx, r.WithContext(ctx.Context()), w, next)
	if held.status == 0 || held.status == http.StatusOK {
		sum := sha256.Sum256(held.body.Bytes())
		etag := `"` + hex.EncodeToString(sum[:16]) + `"`
		w.Header().Set("ETag", etag)
		w.Header().Set("Cache-Control", "private, no-cache")
		if matches(r.Header.Values("If-None-Match"), etag) {
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	held.send()
}

// matches reports whether the If-None-Match headers of a request contain a tag.
func matches(headers []string, etag string) bool {
	for given := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		given = strings.TrimSpace(given)
		if given == "*" || strings.TrimPrefix(given, "W/") == etag {
			return true
		}
	}
	return false
}
