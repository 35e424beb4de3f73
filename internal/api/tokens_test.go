package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/store"
)

func TestATokenIsShownOnceAndStoredHashed(t *testing.T) {
	w := newWorld(t)
	made := w.token("crm", `,"environment":"sandbox","expires_in":"90d"`, "read", "act")
	if !strings.HasPrefix(made.Secret, "idem_") || made.ExpiresAt == nil || !made.ExpiresAt.Equal(start().Add(90*24*time.Hour)) {
		t.Errorf("the token is %+v", made.Token)
	}
	for _, path := range []string{"/v1/tokens", "/v1/tokens/" + made.ID, "/v1/sandbox/audit"} {
		if got := w.want(200, nil, "GET", path, ""); strings.Contains(got.Body.String(), made.Secret) {
			t.Errorf("%s shows the secret", path)
		}
	}
	stored, err := w.db.Token(t.Context(), made.ID)
	if err != nil || stored.Hash == "" || strings.Contains(stored.Hash, made.Secret[5:]) {
		t.Errorf("the hash is %q, error %v", stored.Hash, err)
	}
	if got := w.last(); !strings.HasPrefix(got, "api token.created "+made.ID) {
		t.Errorf("the audit trail ends with %q", got)
	}
}

func TestWhatATokenAllows(t *testing.T) {
	w := newWorld(t)
	w.save(store.Advance{})
	read, act, admin := w.token("read", "", "read"), w.token("act", "", "act"), w.token("admin", "", "admin")
	verify, sandbox := w.token("verify", "", "verify"), w.token("sandbox", `,"environment":"sandbox"`, "admin")
	for name, test := range map[string]struct {
		token, method, path, body string
		status                    int
		want                      string
	}{
		"a reader reads":                                      {read.Secret, "GET", "/v1/sandbox/events", "", 200, ""},
		"a reader does not act":                               {read.Secret, "POST", "/v1/sandbox/replay", `{"state":"poison"}`, 403, `\"act\"`},
		"a reader does not see tokens":                        {read.Secret, "GET", "/v1/tokens", "", 403, `\"admin\"`},
		"an actor acts":                                       {act.Secret, "POST", "/v1/sandbox/replay", `{"state":"poison"}`, 200, ""},
		"an actor does not read":                              {act.Secret, "GET", "/v1/sandbox/events", "", 403, `\"read\"`},
		"an actor does not change endpoints":                  {act.Secret, "DELETE", "/v1/sandbox/endpoints/crm", "", 403, `\"admin\"`},
		"a token that verifies does not read":                 {verify.Secret, "GET", "/v1/sandbox/subjects/user-1", "", 403, `\"read\"`},
		"an administrator reads":                              {admin.Secret, "GET", "/v1/sandbox/events", "", 200, ""},
		"an administrator creates tokens":                     {admin.Secret, "POST", "/v1/tokens", `{"name":"more","scopes":["read"]}`, 201, ""},
		"a token of the sandbox is for the sandbox":           {sandbox.Secret, "GET", "/v1/sandbox/events", "", 200, ""},
		"a token of the sandbox is not for production":        {sandbox.Secret, "GET", "/v1/production/events", "", 403, "wrong-environment"},
		"a token of the sandbox creates none of all":          {sandbox.Secret, "POST", "/v1/tokens", `{"name":"all","scopes":["read"]}`, 403, "wrong-environment"},
		"a token of the sandbox creates one of the sandbox":   {sandbox.Secret, "POST", "/v1/tokens", `{"name":"own","scopes":["read"],"environment":"sandbox"}`, 201, ""},
		"a token of the sandbox does not see those of all":    {sandbox.Secret, "GET", "/v1/tokens/" + admin.ID, "", 404, "not-found"},
		"a token of the sandbox does not revoke those of all": {sandbox.Secret, "DELETE", "/v1/tokens/" + admin.ID, "", 404, "not-found"},
		"no token":      {"", "GET", "/v1/sandbox/events", "", 401, "missing-token"},
		"a wrong token": {"idem_x", "GET", "/v1/sandbox/events", "", 401, "invalid-token"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.call(test.token, test.method, test.path, test.body); got.Code != test.status || !strings.Contains(got.Body.String(), test.want) {
				t.Errorf("answered %d %s, want %d with %s", got.Code, got.Body, test.status, test.want)
			}
		})
	}
}

func TestAnExpiredOrRevokedTokenIsRejectedAtOnce(t *testing.T) {
	w := newWorld(t)
	short, long := w.token("short", `,"expires_in":"1h"`, "read"), w.token("long", "", "read")
	w.now = w.now.Add(time.Hour)
	if got := w.call(short.Secret, "GET", "/v1/sandbox/events", ""); got.Code != 401 || !strings.Contains(got.Body.String(), "expired-token") {
		t.Errorf("an expired token: %d %s", got.Code, got.Body)
	}
	if got := w.call(long.Secret, "GET", "/v1/sandbox/events", ""); got.Code != 200 {
		t.Errorf("a token: %d %s", got.Code, got.Body)
	}
	var used api.Token
	if w.want(200, &used, "GET", "/v1/tokens/"+long.ID, ""); used.LastUsedAt == nil || !used.LastUsedAt.Equal(w.now) {
		t.Errorf("it was last used at %v", used.LastUsedAt)
	}
	w.want(http.StatusNoContent, nil, "DELETE", "/v1/tokens/"+long.ID, "")
	if got := w.call(long.Secret, "GET", "/v1/sandbox/events", ""); got.Code != 401 || !strings.Contains(got.Body.String(), "invalid-token") {
		t.Errorf("a revoked token: %d %s", got.Code, got.Body)
	}
	if got := w.last(); got != "api token.revoked "+long.ID+" "+long.ID+" long" {
		t.Errorf("the audit trail ends with %q", got)
	}
}

func TestATokenIsRejectedWhen(t *testing.T) {
	w := newWorld(t)
	w.token("crm", "", "read")
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"its name is taken":                {`{"name":"crm","scopes":["read"]}`, 409, "conflict"},
		"its name is empty":                {`{"name":"","scopes":["read"]}`, 422, "body.name"},
		"its name has a line break":        {`{"name":"a\nb","scopes":["read"]}`, 422, "body.name"},
		"its name is the configured one":   {`{"name":"api_token","scopes":["read"]}`, 422, "body.name"},
		"it has no scope":                  {`{"name":"a","scopes":[]}`, 422, "body.scopes"},
		"a scope is unknown":               {`{"name":"a","scopes":["raed"]}`, 422, `did you mean \"read\"?`},
		"the environment is unknown":       {`{"name":"a","scopes":["read"],"environment":"sandbx"}`, 422, `did you mean \"sandbox\"?`},
		"its life is no duration":          {`{"name":"a","scopes":["read"],"expires_in":"soon"}`, 422, "body.expires_in"},
		"its life is negative":             {`{"name":"a","scopes":["read"],"expires_in":"-1h"}`, 422, "body.expires_in"},
		"its life is too long":             {`{"name":"a","scopes":["read"],"expires_in":"99999999d"}`, 422, "body.expires_in"},
		"it has a field that nobody knows": {`{"name":"a","scopes":["read"],"hash":"x"}`, 422, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.call("token", "POST", "/v1/tokens", test.body); got.Code != test.status || !strings.Contains(got.Body.String(), test.want) {
				t.Errorf("answered %d %s, want %d with %s", got.Code, got.Body, test.status, test.want)
			}
		})
	}
}

func TestAReadOfPersonalDataNamesTheTokenAndNotTheData(t *testing.T) {
	w := newWorld(t)
	reader := w.token("support", "", "read").Secret
	appendEvents(t, w.db, 1)
	w.save(store.Advance{})
	w.dead("axn_1", "inq_0")
	for path, want := range map[string]string{
		"/v1/sandbox/events/evt_000":                  "api:support event.read inq_0 evt_000",
		"/v1/sandbox/actions/axn_1":                   "api:support action.read inq_0 axn_1",
		"/v1/sandbox/actions?state=dead&details=true": "api:support actions.read  axn_1",
	} {
		if got := w.call(reader, "GET", path, ""); got.Code != 200 {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		if got := w.last(); got != want {
			t.Errorf("after %s the audit trail ends with %q, want %q", path, got, want)
		}
	}
	before := len(w.trail())
	if got := w.call(reader, "GET", "/v1/sandbox/actions?state=dead", ""); got.Code != 200 || strings.Contains(got.Body.String(), "Ada") {
		t.Errorf("a list without details: %d %s", got.Code, got.Body)
	}
	w.call(reader, "GET", "/v1/sandbox/events", "")
	if after := len(w.trail()); after != before {
		t.Errorf("reading no personal data left %d audit entries", after-before)
	}
}
