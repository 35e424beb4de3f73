package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// linkAndPhoto returns the addresses of a one-time link and of a photo for a client that uses
// a host name.
func linkAndPhoto(s *server, host string) []string {
	s.t.Helper()
	client := s.client(persona.WithHTTPClient(&http.Client{Transport: named(host)}))
	inquiry, err := client.Inquiries.Create(s.t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true),
	})
	ok(s.t, err)
	_, shown := photographed(s, sandbox.SelfieTemplateID, "2025-12-08")
	return []string{inquiry.Meta.OneTimeLink, shown["photo-urls"].([]any)[0].(map[string]any)["url"].(string)}
}

// named calls a server with another host name, as through a tunnel.
type named string

func (name named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if name != "" {
		r.Host = string(name)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestLinksAndFilesAreAtThePublicAddress(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "other.example.com"} {
		for _, address := range linkAndPhoto(start(t, sandbox.Options{URL: "https://idem.example.com"}), host) {
			if !strings.HasPrefix(address, "https://idem.example.com/") {
				t.Errorf("called as %q, it tells of %s", host, address)
			}
		}
	}
}

func TestWithoutAPublicAddressLinksLeadToWhereItWasCalled(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	got := linkAndPhoto(server, "other.example.com")
	if !strings.HasPrefix(got[0], "http://other.example.com/verify?") || !strings.HasPrefix(got[1], server.url+"/files/") {
		t.Errorf("it tells of %v", got)
	}
}

func TestAServerOfATestHasItsURLBeforeAnyCall(t *testing.T) {
	t.Parallel()
	server := sandbox.NewServer(t)
	inquiry, err := server.Client(persona.WithHTTPClient(&http.Client{Transport: named("other.example.com")})).Inquiries.Create(t.Context(),
		persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true)})
	ok(t, err)
	if !strings.HasPrefix(inquiry.Meta.OneTimeLink, server.URL+"/verify?") {
		t.Errorf("the link is %s", inquiry.Meta.OneTimeLink)
	}
}

func TestAPublicAddressIsAnOrigin(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"idem.example.com", "ftp://idem.example.com", "https://", "https://idem.example.com/path"} {
		if sb, err := sandbox.New(sandbox.Options{URL: url}); err == nil {
			sb.Close()
			t.Errorf("%s was taken", url)
		}
	}
}
