package webpage

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheDefaultPolicyOfPages(t *testing.T) {
	recorded := httptest.NewRecorder()
	Write(recorded, 404, []byte("<p>gone</p>"))
	policy := recorded.Header().Get("Content-Security-Policy")
	if recorded.Code != 404 || recorded.Body.String() != "<p>gone</p>" || !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script") {
		t.Errorf("%d %q with %q", recorded.Code, recorded.Body, policy)
	}
}

func TestOptionsExtendThePolicy(t *testing.T) {
	recorded := httptest.NewRecorder()
	Write(recorded, 200, nil, Scripts, FormsTo("https://acme.example.com"), Inside("https://a.example.com", "https://b.example.com"))
	policy := recorded.Header().Get("Content-Security-Policy")
	for _, want := range []string{"script-src 'self'", "form-action 'self' https://acme.example.com", "frame-ancestors https://a.example.com https://b.example.com"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
}

func TestAStyleSheetBeginsWithThePalette(t *testing.T) {
	recorded := httptest.NewRecorder()
	WriteStyle(recorded, "p { margin: 0; }")
	if got := recorded.Body.String(); !strings.HasPrefix(got, ":root {") || !strings.HasSuffix(got, "p { margin: 0; }") {
		t.Errorf("the sheet is %q", got)
	}
}
