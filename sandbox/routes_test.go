package sandbox_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

func TestARequestLeadsToOneRoute(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{})
	ok(t, err)
	t.Cleanup(sb.Close)
	for name, test := range map[string]struct {
		method, path string
		want         int
		body         string
	}{
		"an operation":                            {"GET", "/api/v1/inquiries", 200, `"data"`},
		"an operation with a parameter":           {"GET", "/api/v1/inquiries/inq_unknown", 404, "Record not found"},
		"a parameter that contains a slash":       {"GET", "/api/v1/inquiries/inq%2Funknown", 404, "Record not found"},
		"an unknown path":                         {"GET", "/api/v1/inquiry", 404, "there is no such path"},
		"a path that ends with a slash":           {"GET", "/api/v1/inquiries/?filter%5Bstatus%5D=created", 200, `"data"`},
		"a resource that ends with a slash":       {"GET", "/api/v1/inquiries/inq_unknown/", 404, "Record not found"},
		"a method that a path with a slash lacks": {"DELETE", "/api/v1/inquiries/", 405, "this path does not accept the method"},
		"the base of the API":                     {"GET", "/api/v1/", 404, "there is no such path"},
		"a base URL that ends with a slash":       {"GET", "/api/v1//inquiries", 404, "there is no such path"},
		"a path with dots":                        {"GET", "/api/v1/accounts/../inquiries", 404, "there is no such path"},
		"a method that the path lacks":            {"DELETE", "/api/v1/inquiries", 405, "this path does not accept the method"},
		"HEAD, which is no operation":             {"HEAD", "/api/v1/inquiries", 405, ""},
		"a relay below the base of other calls":   {"POST", "/api/v1/relays", 404, "there is no such path"},
		"another call below the base of relays":   {"GET", "/api/privacy/v1/inquiries", 404, "there is no such path"},
		"a file without a token":                  {"GET", "/files/x.jpg", 403, "the access token is not valid"},
		"a path below no base":                    {"GET", "/inquiries", 404, "the API is below /api/v1"},
		"a method that a page lacks":              {"PUT", "/preload", 404, "the API is below /api/v1"},
		"an unknown control, from this machine":   {"GET", "/_sandbox/sandbox/unknown", 404, "there is the inspector"},
		"a method that a control lacks":           {"DELETE", "/_sandbox/clock", 404, "there is the inspector"},
		"the page to which the inspector leads":   {"GET", "/_sandbox/", 303, ""},
		"the hosted page without its parameters":  {"GET", "/verify", 400, "names no inquiry and no template"},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, "http://127.0.0.1"+test.path, nil)
			request.RemoteAddr = "127.0.0.1:1234"
			request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
			answer := httptest.NewRecorder()
			sb.ServeHTTP(answer, request)
			if answer.Code != test.want || !strings.Contains(answer.Body.String(), test.body) {
				t.Errorf("%s %s: %d %s, want %d with %q", test.method, test.path, answer.Code, answer.Body, test.want, test.body)
			}
		})
	}
}

func TestAnUnknownPathNeedsAKeyToo(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{})
	ok(t, err)
	t.Cleanup(sb.Close)
	for _, path := range []string{"/api/v1/unknown", "/api/v1//inquiries", "/api/privacy/v1/unknown"} {
		answer := httptest.NewRecorder()
		sb.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		if answer.Code != 401 {
			t.Errorf("%s without a key: %d, want 401", path, answer.Code)
		}
	}
}
