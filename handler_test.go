package idem

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"
)

const (
	aSecret       = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	anotherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// signed returns a request with a signed body.
func signed(t testing.TB, secret, id string, at time.Time, body []byte) *http.Request {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign(id, at, body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/webhooks/idem", bytes.NewReader(body))
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	return r
}

func notification(n Notification) []byte {
	body, _ := json.Marshal(message{n.Type, &n})
	return body
}

// told makes a handler, and returns what it was told.
type told struct {
	http.Handler
	mu  sync.Mutex
	got []Notification
	err error
}

func newTold(t *testing.T, seen Seen) *told {
	t.Helper()
	h := &told{}
	var err error
	h.Handler, err = NotificationHandler([]string{anotherSecret, aSecret}, seen, func(_ context.Context, n Notification) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.err == nil {
			h.got = append(h.got, n)
		}
		return h.err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post sends a notification and returns the status.
func (h *told) post(t *testing.T, n Notification) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(t, aSecret, n.ID, time.Now(), notification(n)))
	return w.Code
}

func verdict(id, reference string, sequence int64, v Verdict) Notification {
	return Notification{ID: id, Type: NotifyVerdictChanged, Environment: Production, Reference: reference, SubjectSequence: sequence, Verdict: v, Sequence: sequence}
}

func TestTheSignatureIsVerifiedAsByTheOfficialLibrary(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	rapid.Check(t, func(t *rapid.T) {
		body, id := rapid.SliceOf(rapid.Byte()).Draw(t, "body"), rapid.StringMatching("ntf_[a-z0-9]{1,20}").Draw(t, "id")
		key := rapid.SliceOfN(rapid.Byte(), 24, 64).Draw(t, "key")
		secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := hook.Sign(id, now, body)
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		header.Set("webhook-id", id)
		header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		header.Set("webhook-signature", rapid.SampledFrom([]string{
			signature, "v1,AAAA " + signature, signature + " v1,AAAA", "v1a,AAAA " + signature, "v2" + signature[2:], signature[3:], strings.ToUpper(signature), "", "v1,", signature + "x",
		}).Draw(t, "signature"))
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			body = append(body, 'x')
		case 1:
			header.Set("webhook-id", id+"x")
		case 2:
			header.Set("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10))
		case 3:
			header.Del(rapid.SampledFrom([]string{"webhook-id", "webhook-timestamp", "webhook-signature"}).Draw(t, "header"))
		}
		keys, err := keysOf([]string{secret})
		if err != nil {
			t.Fatal(err)
		}
		_, own := verify(keys, header, body, now)
		if official := hook.Verify(body, header); (own == nil) != (official == nil) {
			t.Errorf("the library says %v, this package %v, for %v", official, own, header)
		}
	})
}

func TestOldAndFutureSignaturesAreRejected(t *testing.T) {
	h := newTold(t, nil)
	body := notification(verdict("ntf_1", "user-1", 1, VerdictApproved))
	for age, want := range map[time.Duration]int{0: 204, 4 * time.Minute: 204, -4 * time.Minute: 204, 6 * time.Minute: 401, -6 * time.Minute: 401, 24 * time.Hour: 401} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, signed(t, aSecret, "ntf_1", time.Now().Add(-age), body)); w.Code != want {
			t.Errorf("one of %s ago is answered with %d, want %d", age, w.Code, want)
		}
	}
}

func TestHostileMessagesAreRejected(t *testing.T) {
	good := notification(verdict("ntf_1", "user-1", 1, VerdictApproved))
	for name, c := range map[string]struct {
		request func() *http.Request
		want    int
	}{
		"it is not posted":          {func() *http.Request { return httptest.NewRequest("GET", "/", nil) }, 405},
		"it is not signed":          {func() *http.Request { return httptest.NewRequest("POST", "/", bytes.NewReader(good)) }, 401},
		"the secret is another one": {func() *http.Request { return signed(t, "whsec_"+strings.Repeat("AAAA", 8), "ntf_1", time.Now(), good) }, 401},
		"it has the id of another":  {func() *http.Request { return signed(t, aSecret, "ntf_2", time.Now(), good) }, 400},
		"it is not a notification":  {func() *http.Request { return signed(t, aSecret, "ntf_1", time.Now(), []byte(`{"type":"x"}`)) }, 400},
		"it is not JSON":            {func() *http.Request { return signed(t, aSecret, "ntf_1", time.Now(), []byte("hello")) }, 400},
		"the two types differ": {func() *http.Request {
			return signed(t, aSecret, "ntf_1", time.Now(), bytes.Replace(good, []byte(NotifyVerdictChanged), []byte(NotifyActionDone), 1))
		}, 400},
		"it is longer than a mebi": {func() *http.Request { return signed(t, aSecret, "ntf_1", time.Now(), make([]byte, maxMessage+1)) }, 413},
		"the body ends early":      {func() *http.Request { r := signed(t, aSecret, "ntf_1", time.Now(), good); r.Body = broke{}; return r }, 400},
		"the timestamp is no number": {func() *http.Request {
			r := signed(t, aSecret, "ntf_1", time.Now(), good)
			r.Header.Set("webhook-timestamp", "now")
			return r
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTold(t, &Memory{})
			w := httptest.NewRecorder()
			h.ServeHTTP(w, c.request())
			if w.Code != c.want || len(h.got) != 0 || strings.Contains(w.Body.String(), "user-1") {
				t.Errorf("answered with %d %s, want %d; told %+v", w.Code, w.Body, c.want, h.got)
			}
		})
	}
}

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, errors.New("unexpected EOF") }
func (broke) Close() error             { return nil }

func TestRepetitionsAndOlderVerdictsAreDropped(t *testing.T) {
	h := newTold(t, &Memory{})
	action := Notification{ID: "ntf_a", Type: NotifyActionDead, Environment: Production, Reference: "user-1", SubjectSequence: 2}
	other := verdict("ntf_s", "user-1", 1, VerdictDeclined)
	other.Environment = Sandbox
	for _, n := range []Notification{
		verdict("ntf_1", "user-1", 1, VerdictPending),
		verdict("ntf_3", "user-1", 3, VerdictApproved),
		verdict("ntf_3", "user-1", 3, VerdictApproved), // again
		verdict("ntf_2", "user-1", 2, VerdictReview),   // a replay: it is out of date
		verdict("ntf_1", "user-1", 1, VerdictPending),
		verdict("ntf_u", "user-2", 1, VerdictPending), // of somebody else
		action, // was not handled before, so it is not lost, however late it is
		action,
		other, // of the other environment
		{ID: "ntf_p", Type: NotifyInboxPoison, Environment: Production},
		{ID: "ntf_p", Type: NotifyInboxPoison, Environment: Production},
		{ID: "ntf_n", Type: "a.new_type", Environment: Production, Reference: "user-1"},
	} {
		if status := h.post(t, n); status != http.StatusNoContent {
			t.Errorf("%s is answered with %d", n.ID, status)
		}
	}
	var ids []string
	for _, n := range h.got {
		ids = append(ids, n.ID)
	}
	if want := []string{"ntf_1", "ntf_3", "ntf_u", "ntf_a", "ntf_s", "ntf_p", "ntf_n"}; !slices.Equal(ids, want) {
		t.Errorf("handled %v, want %v", ids, want)
	}
}

func TestWhatIsNotHandledComesAgain(t *testing.T) {
	h := newTold(t, &Memory{})
	h.err = errors.New("the row of Jane Doe is locked")
	n := verdict("ntf_1", "user-1", 1, VerdictApproved)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(t, aSecret, n.ID, time.Now(), notification(n)))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "Jane") {
		t.Errorf("answered with %d %s", w.Code, w.Body)
	}
	h.err = nil
	if status := h.post(t, n); status != http.StatusNoContent || len(h.got) != 1 {
		t.Errorf("answered with %d, handled %+v", status, h.got)
	}
}

// forgetful is a [Seen] whose database fails.
type forgetful struct{ lookup, save error }

func (f forgetful) Lookup(context.Context, string, string) (bool, int64, error) {
	return false, 0, f.lookup
}
func (f forgetful) Save(context.Context, string, string, int64) error { return f.save }

func TestADeadDatabaseLosesNothing(t *testing.T) {
	for name, seen := range map[string]Seen{"before": forgetful{lookup: errors.New("down")}, "after": forgetful{save: errors.New("down")}} {
		t.Run(name, func(t *testing.T) {
			h := newTold(t, seen)
			if status := h.post(t, verdict("ntf_1", "user-1", 1, VerdictApproved)); status != http.StatusInternalServerError {
				t.Errorf("answered with %d", status)
			}
		})
	}
}

func TestThePiecesOfOneSubjectAreHandledOneAtATime(t *testing.T) {
	var mu sync.Mutex
	running, most, calls := map[string]int{}, 0, 0
	meet := make(chan struct{}) // both subjects are handled at the same time
	h, err := NotificationHandler([]string{aSecret}, &Memory{}, func(ctx context.Context, n Notification) error {
		mu.Lock()
		running[n.Reference]++
		most, calls = max(most, running[n.Reference]), calls+1
		mu.Unlock()
		if n.SubjectSequence == 1 {
			select {
			case meet <- struct{}{}:
			case <-meet:
			case <-ctx.Done():
			}
		}
		mu.Lock()
		running[n.Reference]--
		mu.Unlock()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for _, reference := range []string{"user-1", "user-2"} {
		for i := range 20 {
			n := verdict(fmt.Sprintf("ntf_%s_%d", reference, i/2), reference, 1, VerdictApproved) // each twice
			n.Type, n.Verdict = NotifyCaseChanged, ""
			if i/2 > 0 {
				n.SubjectSequence = 2
			}
			r := signed(t, aSecret, n.ID, time.Now(), notification(n)).WithContext(ctx)
			all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
		}
	}
	all.Wait()
	if most != 1 || calls != 20 {
		t.Errorf("%d calls for 20 notifications, up to %d of a subject at a time", calls, most)
	}
	if left := len(h.(*handler).busy); left != 0 {
		t.Errorf("%d locks are left", left)
	}
}

func TestASenderThatLeavesFreesTheTurn(t *testing.T) {
	entered, hang := make(chan struct{}), make(chan struct{})
	h, err := NotificationHandler([]string{aSecret}, &Memory{}, func(context.Context, Notification) error {
		close(entered)
		<-hang
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := verdict("ntf_1", "user-1", 1, VerdictApproved)
	first := make(chan struct{})
	go func() {
		defer close(first)
		h.ServeHTTP(httptest.NewRecorder(), signed(t, aSecret, n.ID, time.Now(), notification(n)))
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, signed(t, aSecret, n.ID, time.Now(), notification(n)).WithContext(ctx)); w.Code != http.StatusInternalServerError {
		t.Errorf("answered with %d", w.Code)
	}
	close(hang)
	<-first
	if left := len(h.(*handler).busy); left != 0 {
		t.Errorf("%d locks are left", left)
	}
}

func TestAHandlerThatCannotWorkIsRefused(t *testing.T) {
	f := func(context.Context, Notification) error { return nil }
	for name, c := range map[string]struct {
		secrets []string
		f       func(context.Context, Notification) error
	}{
		"no secret":         {nil, f},
		"an empty secret":   {[]string{""}, f},
		"a secret of words": {[]string{"whsec_not base64"}, f},
		"a short secret":    {[]string{"whsec_AAAA"}, f},
		"no function":       {[]string{aSecret}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NotificationHandler(c.secrets, nil, c.f); err == nil || strings.Contains(err.Error(), "not base64") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMemoryForgetsTheOldest(t *testing.T) {
	var m Memory
	for i := range memoryKept + 10 {
		if err := m.Save(t.Context(), fmt.Sprint(i), "user-1", int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	_ = m.Save(t.Context(), "10", "user-1", 3) // never fails
	for id, want := range map[int]bool{0: false, 9: false, 10: true, memoryKept + 9: true} {
		handled, sequence, err := m.Lookup(t.Context(), fmt.Sprint(id), "user-1")
		if err != nil || handled != want || sequence != memoryKept+9 {
			t.Errorf("%d is handled: %v, with sequence %d, error %v", id, handled, sequence, err)
		}
	}
	if len(m.ids) != memoryKept || len(m.order) != memoryKept {
		t.Errorf("%d ids and %d places are kept", len(m.ids), len(m.order))
	}
}
