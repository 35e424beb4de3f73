package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

const key = "Idempotency-Key"

func TestARequestWithAKeyIsHandledOnce(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	body := `{"kind":"approve_inquiry","target":"inq_1","reason":"checked by phone"}`
	first := w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	again := w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	if first.Body.String() != again.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" || first.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("the answers are %s and %s", first.Body, again.Body)
	}
	w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "two")
	var list struct{ Data []api.Action }
	if w.want(200, &list, "GET", "/v1/sandbox/actions", ""); len(list.Data) != 2 {
		t.Errorf("there are %d actions", len(list.Data))
	}
	for name, got := range map[string]string{
		"another body": w.want(422, nil, "POST", "/v1/sandbox/actions", strings.Replace(body, "phone", "mail", 1), key, "one").Body.String(),
		"another path": w.want(422, nil, "POST", "/v1/production/actions", body, key, "one").Body.String(),
	} {
		if !strings.Contains(got, "idempotency-key-reused") {
			t.Errorf("%s: %s", name, got)
		}
	}
	other := w.token("other", "", "admin").Secret
	if got := w.call(other, "POST", "/v1/sandbox/actions", body, key, "one"); got.Code != 201 || got.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("the key of another token: %d %s", got.Code, got.Body)
	}
	w.now = w.now.Add(25 * time.Hour)
	if got := w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one"); got.Header().Get("Idempotent-Replayed") != "" {
		t.Error("the key is still known after a day")
	}
}

func TestAKeyThatIsEmptyOrGivenTwiceIsRejected(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	for _, keys := range [][]string{{""}, {"one", "two"}, {"one", "one"}} {
		r := httptest.NewRequest("POST", "/v1/sandbox/actions", strings.NewReader(`{"kind":"approve_inquiry","target":"inq_1","reason":"checked by phone"}`))
		r.Header = http.Header{"Authorization": {"Bearer token"}, "Content-Type": {"application/json"}, key: keys}
		got := httptest.NewRecorder()
		if w.mux.ServeHTTP(got, r); got.Code != 422 {
			t.Errorf("the keys %q: %d %s", keys, got.Code, got.Body)
		}
	}
}

func TestAnErrorDoesNotUseUpAKey(t *testing.T) {
	w := newWorld(t)
	body := `{"kind":"approve_inquiry","target":"inq_1","reason":"checked by phone"}`
	w.want(404, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one")
}

func TestASecretIsNotStoredWithAKey(t *testing.T) {
	w := newWorld(t)
	body := `{"name":"crm","scopes":["read"]}`
	var made api.TokenWithSecret
	w.want(201, &made, "POST", "/v1/tokens", body, key, "one")
	if got := w.want(409, nil, "POST", "/v1/tokens", body, key, "one"); !strings.Contains(got.Body.String(), "secret-already-shown") || strings.Contains(got.Body.String(), made.Secret) {
		t.Errorf("the second answer is %s", got.Body)
	}
	stored, _, err := w.db.BeginRequest(t.Context(), store.Request{Token: "api_token", Key: "one"}, w.now, w.now.Add(-time.Minute), w.now.Add(-time.Hour))
	if err != nil || stored.Status != 201 || stored.Answer != "" {
		t.Errorf("what is stored: %d %q, error %v", stored.Status, stored.Answer, err)
	}
}

func TestConcurrentRequestsWithAKeyAreHandledOnce(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	var all sync.WaitGroup
	codes := make([]int, 30)
	for i := range codes {
		all.Go(func() {
			codes[i] = w.call("token", "POST", "/v1/sandbox/actions", `{"kind":"tag_inquiry","argument":"VIP","target":"inq_1","reason":"a good customer"}`, key, "one").Code
		})
	}
	all.Wait()
	for _, code := range codes {
		if code != 201 && code != 409 {
			t.Errorf("answered %d", code)
		}
	}
	var list struct{ Data []api.Action }
	if w.want(200, &list, "GET", "/v1/sandbox/actions", ""); len(list.Data) != 1 {
		t.Errorf("there are %d actions", len(list.Data))
	}
}

// The action can be finished before its request is answered, and the answer is stored with
// the key.
func TestTheResultOfAnActionIsNotInTheAnswerToItsRequest(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "created")}})
	body := `{"kind":"generate_one_time_link","target":"inq_1","reason":"asked for"}`
	var made api.ActionDetail
	w.want(201, &made, "POST", "/v1/sandbox/actions", body, key, "one")
	a, err := w.db.Action(t.Context(), domain.Sandbox, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	a.State, a.Result, a.FinishedAt = domain.ActionDone, []byte(`{"link":"https://persona.example/verify?code=secret"}`), w.now
	if _, err = w.db.SaveAction(t.Context(), a, nil, nil); err != nil {
		t.Fatal(err)
	}
	err = w.db.Tx(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE requests SET status = 0, answer = ''")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(3 * time.Minute)
	if got := w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one"); strings.Contains(got.Body.String(), "secret") || !strings.Contains(got.Body.String(), `"state":"done"`) {
		t.Errorf("answered %s", got.Body)
	}
}

func TestARequestWhoseProcessWasKilledIsRepeatedWithoutASecondAction(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	body := `{"kind":"approve_inquiry","target":"inq_1","reason":"checked by phone"}`
	w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	// As if the process had ended after the commit, and before the answer was stored.
	err := w.db.Tx(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE requests SET status = 0, answer = ''")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.want(409, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	w.now = w.now.Add(3 * time.Minute)
	w.want(201, nil, "POST", "/v1/sandbox/actions", body, key, "one")
	var list struct{ Data []api.Action }
	if w.want(200, &list, "GET", "/v1/sandbox/actions", ""); len(list.Data) != 1 {
		t.Errorf("there are %d actions", len(list.Data))
	}
}

func TestAKeyIsRejectedWhen(t *testing.T) {
	w := newWorld(t)
	for name, bad := range map[string]string{"it is too long": strings.Repeat("x", 201), "it has a space": "a b", "it has no letter": "--"} {
		if got := w.want(422, nil, "POST", "/v1/sandbox/replay", `{"state":"poison"}`, key, bad); !strings.Contains(got.Body.String(), "Idempotency-Key") {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	w.want(413, nil, "POST", "/v1/sandbox/replay", fmt.Sprintf(`{"object":%q}`, strings.Repeat("x", 2<<20)), key, "one")
}

func TestAnAnswerThatTheClientHasIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	first := w.want(200, nil, "GET", "/v1/sandbox/subjects/user-1", "")
	etag := first.Header().Get("ETag")
	if etag == "" {
		t.Fatal("there is no ETag")
	}
	for name, given := range map[string]string{"the tag": etag, "a weak tag": "W/" + etag, "a list": `"other", ` + etag, "any": "*"} {
		if got := w.want(304, nil, "GET", "/v1/sandbox/subjects/user-1", "", "If-None-Match", given); got.Body.Len() > 0 || got.Header().Get("ETag") != etag {
			t.Errorf("%s: a body of %d bytes with the tag %s", name, got.Body.Len(), got.Header().Get("ETag"))
		}
	}
	w.want(200, nil, "GET", "/v1/sandbox/subjects/user-2", "", "If-None-Match", etag)
	w.want(404, nil, "GET", "/v1/sandbox/events/evt_no", "", "If-None-Match", "*")
}
