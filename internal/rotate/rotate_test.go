package rotate

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// world is a sandbox, and a file with a key or with secrets.
type world struct {
	*sandbox.Server
	t    *testing.T
	path string
	now  time.Time
	used []string // what Use was called with

	calls  int                      // how many calls were made
	killAt int                      // the call at which the process is killed; 0 means never
	alter  func(body string) string // changes answers; may be nil
	after  bool                     // whether Persona receives that call

	counted func(key string) // is called with the key of each call; may be nil
	old     string           // the id of the first key
}

// killed is the panic of a process that is killed.
type killed struct{}

func newWorld(t *testing.T, content string) *world {
	t.Helper()
	w := &world{Server: sandbox.NewServer(t, sandbox.Options{RateLimit: 100_000}), t: t, path: filepath.Join(t.TempDir(), "file"), now: time.Now()}
	w.write(content)
	for key, err := range w.Client().APIKeys.List(t.Context(), persona.APIKeyListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		w.old = key.ID
	}
	return w
}

func (w *world) write(content string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read() string {
	w.t.Helper()
	b, err := os.ReadFile(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// dial makes a client that can be killed.
func (w *world) dial(key string) (*persona.Client, error) {
	return persona.NewClient(persona.WithAPIKey(key), persona.WithBaseURL(w.BaseURL()), persona.WithMaxRetries(0), persona.WithMiddleware(func(next persona.Doer) persona.Doer {
		return func(r *http.Request) (*http.Response, error) {
			w.calls++
			if w.counted != nil {
				w.counted(key)
			}
			if w.calls != w.killAt {
				return w.altered(next(r))
			}
			if w.after {
				if res, err := next(r); err == nil {
					res.Body.Close()
				}
			}
			panic(killed{})
		}
	}))
}

// altered changes an answer.
func (w *world) altered(res *http.Response, err error) (*http.Response, error) {
	if err != nil || w.alter == nil {
		return res, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	res.Body = io.NopCloser(strings.NewReader(w.alter(string(body))))
	return res, err
}

func (w *world) place() Place { return Place{File: w.path} }

func (w *world) key() Key {
	return Key{Place: w.place(), Dial: w.dial, Quiet: time.Hour, Grace: time.Minute, Now: func() time.Time { return w.now }, Use: func(key string) { w.used = append(w.used, key) }}
}

func (w *world) secrets() Secrets {
	return Secrets{Place: w.place(), Dial: func() (*persona.Client, error) { return w.dial(sandbox.SandboxKey) }, Overlap: time.Hour,
		Now: func() time.Time { return w.now }, Use: func(secrets []string) { w.used = secrets }}
}

// pass moves both clocks.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.Advance(d)
}

// works reports whether Persona accepts a key.
func (w *world) works(key string) bool {
	w.t.Helper()
	_, err := w.Client(persona.WithAPIKey(key)).RateLimits.List(w.t.Context())
	if err != nil && !errors.Is(err, persona.ErrUnauthorized) {
		w.t.Fatal(err)
	}
	return err == nil
}

// use uses a key, as another program does.
func (w *world) use(key string) {
	w.t.Helper()
	if !w.works(key) {
		w.t.Fatal("the key does not work")
	}
	if w.counted != nil {
		w.counted(key)
	}
}

// finish takes steps until the rotation is done, an hour apart.
func (w *world) finish(step func(begin bool) (Status, error)) {
	w.t.Helper()
	for range 20 {
		status, err := step(false)
		if err != nil {
			w.t.Fatal(err)
		}
		if status.Done {
			return
		}
		w.pass(time.Hour)
	}
	w.t.Fatal("the rotation does not end")
}

// killable calls a step, and reports whether the process was killed in it.
func killable(step func() error) (dead bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != any(killed{}) {
				panic(r)
			}
			dead = true
		}
	}()
	return false, step()
}

func TestAKeyIsReplacedAndTheOldOneExpiresWhenItIsUnused(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey+"\n")
	status, err := w.key().Step(t.Context(), true)
	if err != nil || status.Done || !strings.Contains(status.Did, "cloned api_") {
		t.Fatalf("%+v, error %v", status, err)
	}
	fresh := w.read()
	if fresh == sandbox.SandboxKey || !w.works(fresh) || !slices.Equal(w.used, []string{fresh}) {
		t.Fatal("the file has no new key that works, or it is not in use")
	}
	if strings.Contains(fmt.Sprint(status), fresh) {
		t.Error("the status tells the key")
	}
	for range 5 { // as long as somebody uses the old key, it stays
		w.pass(50 * time.Minute)
		if !w.works(sandbox.SandboxKey) {
			t.Fatal("the old key expired while it was used")
		}
		if status, err = w.key().Step(t.Context(), false); err != nil || status.Done {
			t.Fatalf("%+v, error %v", status, err)
		}
	}
	w.pass(61 * time.Minute)
	if status, err = w.key().Step(t.Context(), false); err != nil || !status.Done {
		t.Fatalf("%+v, error %v", status, err)
	}
	w.pass(2 * time.Minute)
	if w.works(sandbox.SandboxKey) || !w.works(fresh) {
		t.Error("the old key still works, or the new one does not")
	}

	// The next rotation knows which key it is, although there are others.
	if _, err := w.Client(persona.WithAPIKey(fresh)).APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	if status, err = w.key().Step(t.Context(), true); err != nil || status.Did == "" {
		t.Errorf("%+v, error %v", status, err)
	}
}

func TestARotationOfAKeySurvivesAKillAtAnyCall(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; rotateWithKill(t, n, after); n++ {
			if n > 50 {
				t.Fatal("the rotation makes more and more calls")
			}
		}
	}
}

// rotateWithKill rotates a key with a process that is killed at the n-th call, and then with
// another one. It reports whether there were that many calls.
func rotateWithKill(t *testing.T, n int, after bool) (wasKilled bool) {
	t.Helper()
	w := newWorld(t, sandbox.SandboxKey)
	w.killAt, w.after = n, after
	for range 20 {
		var status Status
		begin := !exists(statePath(w.place()))
		dead, err := killable(func() (err error) {
			status, err = w.key().Step(t.Context(), begin)
			return err
		})
		if err != nil {
			t.Fatalf("killed at call %d, after it %t: %v", n, after, err)
		}
		wasKilled = wasKilled || dead
		if !w.works(w.read()) {
			t.Fatalf("killed at call %d, after it %t: the key in the file does not work", n, after)
		}
		if status.Done {
			break
		}
		w.pass(time.Hour)
	}
	w.pass(time.Hour)
	w.wantOneKey(fmt.Sprintf("killed at call %d, after it %t", n, after))
	return wasKilled
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// wantOneKey checks that the new key is in the file and that no other key is valid.
func (w *world) wantOneKey(when string) {
	w.t.Helper()
	value := w.read()
	if value == sandbox.SandboxKey {
		w.t.Errorf("%s: the key was not replaced", when)
	}
	valid := 0
	for key, err := range w.Client(persona.WithAPIKey(value)).APIKeys.List(w.t.Context(), persona.APIKeyListParams{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if expires := key.Attributes.ExpiresAt; expires.IsZero() || expires.After(w.now) {
			valid++
		}
	}
	if valid != 1 {
		w.t.Errorf("%s: %d keys are valid", when, valid)
	}
}

func TestARotationOfAKeySurvivesAKillAfterTheFileWasWritten(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	k := w.key()
	k.Use = func(string) { panic(killed{}) }
	if dead, err := killable(func() error { _, err := k.Step(t.Context(), true); return err }); !dead || err != nil {
		t.Fatalf("killed: %t, error %v", dead, err)
	}
	w.finish(func(begin bool) (Status, error) { return w.key().Step(t.Context(), begin) })
	w.pass(time.Hour)
	w.wantOneKey("killed after the file was written")
}

func TestACloneWhoseValueIsLostIsExpired(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	w.killAt, w.after = 4, false // the call that tries the clone: after a list, a read and the cloning
	if dead, err := killable(func() error { _, err := w.key().Step(t.Context(), true); return err }); !dead || err != nil {
		t.Fatalf("killed: %t, error %v", dead, err)
	}
	if w.read() != sandbox.SandboxKey {
		t.Fatal("it was killed too late for this test")
	}
	w.pass(30 * time.Hour) // Persona forgets the idempotency key
	w.finish(func(begin bool) (Status, error) { return w.key().Step(t.Context(), begin) })
	w.pass(time.Hour)
	w.wantOneKey("after a lost clone")
}

func TestAKeyIsNotGuessed(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	other, err := w.Client().APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{"of two keys": "", "a key that was never used": other.ID} {
		k := w.key()
		k.ID = id
		if _, err := k.Step(t.Context(), true); !errors.Is(err, ErrWhichKey) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	var own string
	for key, err := range w.Client().APIKeys.List(t.Context(), persona.APIKeyListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		if key.ID != other.ID {
			own = key.ID
		}
	}
	k := w.key()
	k.ID = own
	if age, err := k.Look(t.Context()); err != nil || age.ID != own || age.Created.IsZero() || age.Rotating {
		t.Errorf("it looks like %+v, error %v", age, err)
	}
	if _, err := k.Step(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if age, err := k.Look(t.Context()); err != nil || age.ID == own || !age.Rotating { // although the id is now outdated
		t.Errorf("then it looks like %+v, error %v", age, err)
	}
}

func TestAFileThatSomebodyElseWroteEndsARotation(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	if _, err := w.key().Step(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	other, err := w.Client().APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	w.write(other.Attributes.Value)
	w.works(other.Attributes.Value)
	k := w.key()
	k.ID = other.ID
	status, err := k.Step(t.Context(), false)
	if err != nil || !status.Done || !strings.Contains(status.Did, "expire api_") {
		t.Errorf("%+v, error %v", status, err)
	}
	w.pass(2 * time.Hour)
	if !w.works(sandbox.SandboxKey) {
		t.Error("the old key was expired, although it is not known who uses it")
	}
}

func TestAFileThatCannotBeReplacedPreventsTheRotation(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root can write everywhere")
	}
	w := newWorld(t, sandbox.SandboxKey)
	if err := os.Chmod(filepath.Dir(w.path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(w.path), 0o700) })
	if _, err := w.key().Step(t.Context(), true); err == nil {
		t.Error("it began")
	}
}

func TestAKeyThatExpiresSoonIsNotCloned(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	if _, err := w.Client().APIKeys.Expire(t.Context(), w.onlyKey(), persona.APIKeyExpireParams{ExpiresInSeconds: 3600}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.key().Step(t.Context(), true); err == nil || !strings.Contains(err.Error(), "expires at") {
		t.Errorf("error %v", err)
	}
	w.onlyKey()
}

// onlyKey returns the id of the only key.
func (w *world) onlyKey() (id string) {
	w.t.Helper()
	for key, err := range w.Client().APIKeys.List(w.t.Context(), persona.APIKeyListParams{}) {
		if err != nil || id != "" {
			w.t.Fatalf("there is more than one key, error %v", err)
		}
		id = key.ID
	}
	return id
}

func TestARefusedCloneIsTriedAgainWhenTheKeyMayCloneKeys(t *testing.T) {
	w := newWorld(t, sandbox.SandboxKey)
	admin, err := w.Client().APIKeys.Clone(t.Context(), w.onlyKey())
	if err != nil {
		t.Fatal(err)
	}
	client := w.Client(persona.WithAPIKey(admin.Attributes.Value))
	narrow, err := client.APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "service", Permissions: persona.Set([]string{"api_key.read"})})
	if err != nil {
		t.Fatal(err)
	}
	w.write(narrow.Attributes.Value)
	w.works(narrow.Attributes.Value)
	k := w.key()
	k.ID = narrow.ID
	for range 2 {
		if _, err := k.Step(t.Context(), true); !errors.Is(err, persona.ErrForbidden) {
			t.Fatalf("error %v", err)
		}
	}
	if _, err := client.APIKeys.Update(t.Context(), narrow.ID, persona.APIKeyUpdateParams{Permissions: persona.Set([]string{"api_key.read", "api_key.write"})}); err != nil {
		t.Fatal(err)
	}
	if status, err := k.Step(t.Context(), true); err != nil || w.read() == narrow.Attributes.Value {
		t.Errorf("%+v, error %v", status, err)
	}
}

func TestAKeyIsNotExpiredIfPersonaDoesNotTellItsUse(t *testing.T) {
	lastUsed := regexp.MustCompile(`"last-used-at":("[^"]*"|null)`)
	for name, c := range map[string]struct{ shown, says string }{
		"the time is withheld":          {`"last-used-at":null`, "does not show when it was"},
		"the time is from before clone": {`"last-used-at":"2020-01-01T00:00:00.000Z"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.SandboxKey)
			if _, err := w.key().Step(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			w.alter = func(body string) string { return lastUsed.ReplaceAllString(body, c.shown) }
			for range 5 {
				w.pass(2 * time.Hour)
				status, err := w.key().Step(t.Context(), false)
				if status.Done || (c.says != "") != (err != nil) || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Fatalf("%+v, error %v", status, err)
				}
			}
			if !w.works(sandbox.SandboxKey) {
				t.Error("the old key was expired")
			}
		})
	}
}
