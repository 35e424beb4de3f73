package rotate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// A records says which last use of a key Persona shows at a moment; zero means null.
type records func(uses []time.Time, now time.Time) time.Time

// lastUntil returns the last use until a moment.
func lastUntil(uses []time.Time, until time.Time) (last time.Time) {
	for _, use := range uses {
		if !use.After(until) && use.After(last) {
			last = use
		}
	}
	return last
}

// kindsOfRecords returns the ways in which Persona could show the last use of a key.
func kindsOfRecords() map[string]records {
	coarse := func(grain time.Duration) records {
		return func(uses []time.Time, now time.Time) time.Time {
			last := lastUntil(uses, now)
			if last.IsZero() {
				return last
			}
			return last.Truncate(grain)
		}
	}
	late := func(by time.Duration) records {
		return func(uses []time.Time, now time.Time) time.Time { return lastUntil(uses, now.Add(-by)) }
	}
	written := func(every time.Duration) records { // all keys at the same moments
		return func(uses []time.Time, now time.Time) time.Time { return lastUntil(uses, now.Truncate(every)) }
	}
	throttled := func(every time.Duration) records { // each key again only after a while
		return func(uses []time.Time, now time.Time) (recorded time.Time) {
			for _, use := range uses {
				if use.Sub(recorded) >= every && !use.After(now) {
					recorded = use
				}
			}
			return recorded
		}
	}
	return map[string]records{
		"exact": coarse(time.Millisecond), "of whole minutes": coarse(time.Minute), "of whole hours": coarse(time.Hour), "of whole days": coarse(24 * time.Hour),
		"late by ten minutes": late(10 * time.Minute), "late by an hour": late(time.Hour),
		"written every hour": written(time.Hour), "throttled to an hour": throttled(time.Hour), "throttled to a day": throttled(24 * time.Hour),
	}
}

// Whatever Persona's records are like, a key is not expired before it was unused for the quiet
// time, and it is expired in the end.
func TestAKeyInUseIsNeverExpiredHoweverLateOrCoarsePersonasRecordsAre(t *testing.T) {
	const quiet, pause = 30 * time.Minute, 3 * time.Minute
	for name, show := range kindsOfRecords() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "start")))
				var old, fresh []time.Time
				for at := start.Add(-50 * time.Hour); at.Before(start); at = at.Add(10 * time.Minute) {
					old = append(old, at)
				}
				old = append(old, start) // the clone
				end := start.Add(time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "another program uses it for")))
				for at := start; ; {
					if at = at.Add(time.Duration(rapid.Int64Range(int64(time.Minute), int64(quiet-time.Minute)).Draw(t, "gap"))); at.After(end) {
						break
					}
					old = append(old, at)
				}
				last := old[len(old)-1]
				p := previousKey{Cloned: start, Since: start}
				for now := start.Add(pause); ; now = now.Add(pause) {
					used := old[:len(old):len(old)]
					fresh = append(fresh, now.Add(-time.Second)) // the look itself
					p.look(show(used, now), show(fresh, now), now)
					if left, shown := p.left(quiet); shown && left <= 0 {
						if idle := now.Sub(last); idle < quiet {
							t.Fatalf("it is expired %s after its last use, at %s; records fell behind by %s", idle, now, p.Behind)
						}
						break
					}
					if now.Sub(last) > 80*time.Hour {
						t.Fatalf("it is never expired: %+v", p)
					}
				}
			})
		})
	}
}

// shownBy makes the sandbox show last uses as records do. Persona's clock is w.now.
func (w *world) shownBy(show records, oldKey string) {
	uses := map[string][]time.Time{}
	w.counted = func(key string) { uses[key] = append(uses[key], w.now) }
	w.alter = func(body string) string {
		var answer struct {
			Data struct {
				Type, ID   string
				Attributes map[string]any
			}
		}
		if json.Unmarshal([]byte(body), &answer) != nil || answer.Data.Type != "api-key" {
			return body
		}
		of := uses[w.read()]
		if answer.Data.ID == oldKey {
			of = uses[sandbox.SandboxKey]
		}
		var shown any
		if at := show(of, w.now); !at.IsZero() {
			shown = at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		given, _ := json.Marshal(answer.Data.Attributes["last-used-at"])
		instead, _ := json.Marshal(shown)
		return strings.Replace(body, `"last-used-at":`+string(given), `"last-used-at":`+string(instead), 1)
	}
}

func TestARotationAtASandboxWhoseLastUseIsLateByAnHour(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	w.shownBy(kindsOfRecords()["late by an hour"], w.onlyKey())
	for range 8 { // before the rotation
		w.pass(15 * time.Minute)
		w.use(sandbox.SandboxKey)
	}
	step := func(begin bool) Status {
		t.Helper()
		k := w.key()
		k.Quiet = 30 * time.Minute
		k.ID = w.old
		status, err := k.Step(t.Context(), begin)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	step(true)
	for range 8 { // another program uses the old key for two hours
		w.pass(15 * time.Minute)
		w.use(sandbox.SandboxKey)
		if status := step(false); status.Done {
			t.Fatal("the old key is expired although it is in use")
		}
	}
	unused := w.now
	for !step(false).Done {
		if w.pass(3 * time.Minute); w.now.Sub(unused) > 5*time.Hour {
			t.Fatal("the rotation does not end")
		}
	}
	if idle := w.now.Sub(unused); idle < 90*time.Minute { // an hour until it is shown, and half an hour of quiet
		t.Errorf("it ended %s after the last use", idle)
	}
	w.pass(2 * time.Minute)
	if w.works(sandbox.SandboxKey) || !w.works(w.read()) {
		t.Error("the old key still works, or the new one does not")
	}
}

func TestARotationAtASandboxThatNeverShowsALastUse(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	if _, err := w.key().Step(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	w.shownBy(func([]time.Time, time.Time) time.Time { return time.Time{} }, "")
	w.pass(10 * time.Minute)
	if status, err := w.key().Step(t.Context(), false); err != nil || status.Done || !strings.Contains(status.Next, "no use since the key was replaced is shown yet") {
		t.Errorf("at first: %+v, error %v", status, err)
	}
	for range 30 {
		w.pass(3 * time.Hour)
		if status, err := w.key().Step(t.Context(), false); status.Done || err == nil || !strings.Contains(err.Error(), "expire it yourself") {
			t.Fatalf("%+v, error %v", status, err)
		}
	}
	if !w.works(sandbox.SandboxKey) {
		t.Fatal("the old key was expired, although it is not known who uses it")
	}
	// What the error says to do ends the rotation.
	if _, err := w.Client(persona.WithAPIKey(w.read())).APIKeys.Expire(t.Context(), w.old, persona.APIKeyExpireParams{ExpiresInSeconds: 1}); err != nil {
		t.Fatal(err)
	}
	if status, err := w.key().Step(t.Context(), false); err != nil || !status.Done {
		t.Errorf("after it was expired by hand: %+v, error %v", status, err)
	}
}
