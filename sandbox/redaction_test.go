package sandbox_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// verified creates an inquiry of a new account with a passed verification.
func verified(s *server) (account, inquiry, verification string) {
	s.t.Helper()
	client := s.client()
	created, err := client.Inquiries.Create(s.t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("user-1"),
	})
	ok(s.t, err)
	status, _, doc := s.do("POST", "/api/v1/inquiries/"+created.ID+"/perform-simulate-actions?include=verifications",
		`{"meta":{"simulate-actions":[{"type":"create_passed_verification","data":{"verification-template-id":"`+sandbox.GovernmentIDTemplateID+`"}}]}}`)
	if status != 200 {
		s.t.Fatalf("%d %v", status, doc)
	}
	return created.Relationships.Account.Data.ID, created.ID, doc["included"].([]any)[0].(map[string]any)["id"].(string)
}

// shows reports whether a resource contains the name of the sample person.
func (s *server) shows(path string) bool {
	s.t.Helper()
	_, _, doc := s.do("GET", path, "")
	text, err := json.Marshal(doc)
	ok(s.t, err)
	return bytes.Contains(text, []byte("ALEXANDER")) || bytes.Contains(text, []byte("front_photo"))
}

// documentOf returns the path of an inquiry's only document.
func (s *server) documentOf(inquiry string) string {
	s.t.Helper()
	_, _, doc := s.do("GET", "/api/v1/inquiries/"+inquiry, "")
	documents := doc["data"].(map[string]any)["relationships"].(map[string]any)["documents"].(map[string]any)["data"].([]any)
	return "/api/v1/documents/" + documents[0].(map[string]any)["id"].(string)
}

func TestChildrenAreRedactedAMomentLater(t *testing.T) {
	server := start(t, frozen())
	_, inquiry, verification := verified(server)
	document := server.documentOf(inquiry)
	server.do("DELETE", "/api/v1/inquiries/"+inquiry, "")
	if server.shows("/api/v1/inquiries/"+inquiry) || !server.shows("/api/v1/verifications/"+verification) {
		t.Error("the inquiry must be redacted at once, and its verification not yet")
	}
	if n := count(events(t, server.client()), "inquiry.redacted"); n != 0 {
		t.Errorf("%d events before the children are redacted", n)
	}
	server.Advance(time.Second)
	for _, path := range []string{document, "/api/v1/verifications/" + verification} {
		if server.shows(path) {
			t.Errorf("%s still tells of the person", path)
		}
	}
	if n := count(events(t, server.client()), "inquiry.redacted"); n != 1 {
		t.Errorf("%d events after the children are redacted", n)
	}
	server.Advance(time.Hour)
	if n := count(events(t, server.client()), "inquiry.redacted"); n != 1 {
		t.Errorf("%d events later", n)
	}
}

func TestAnAccountIsRedactedWithAllThatIsItsOwn(t *testing.T) {
	server := start(t, frozen())
	account, inquiry, verification := verified(server)
	_, _, doc := server.do("POST", "/api/v1/reports", `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"`+sandbox.WatchlistReportTemplateID+
		`","query":{"name-first":"ALEXANDER J","name-last":"SAMPLE"}}},"meta":{"auto-create-account-reference-id":"user-1"}}`)
	report := doc["data"].(map[string]any)["id"].(string)
	server.Advance(2 * time.Second)
	server.do("DELETE", "/api/v1/accounts/"+account, "")
	if !server.shows("/api/v1/inquiries/" + inquiry) {
		t.Error("the inquiry is redacted already")
	}
	server.Advance(time.Second)
	for _, path := range []string{"/accounts/" + account, "/inquiries/" + inquiry, "/verifications/" + verification, "/reports/" + report} {
		if server.shows("/api/v1" + path) {
			t.Errorf("%s still tells of the person", path)
		}
	}
	got := events(t, server.client())
	if count(got, "inquiry.redacted") != 1 || count(got, "account.redacted") != 1 {
		t.Errorf("events %v", got)
	}
}

func TestALockedVerificationHoldsUpARedaction(t *testing.T) {
	server := start(t, frozen())
	account, inquiry, verification := verified(server)
	lock := func(do string) { server.do("POST", "/api/v1/verifications/"+verification+"/investigation-"+do, "") }
	lock("lock")
	for _, path := range []string{"/inquiries/" + inquiry, "/accounts/" + account} {
		if status, _, _ := server.do("DELETE", "/api/v1"+path, ""); status != 409 {
			t.Errorf("%s: %d", path, status)
		}
	}
	lock("unlock")
	server.do("DELETE", "/api/v1/accounts/"+account, "")
	lock("lock")
	server.Advance(time.Hour)
	if n := count(events(t, server.client()), "account.redacted"); n != 0 {
		t.Errorf("%d events while the verification is locked", n)
	}
	lock("unlock")
	if got := events(t, server.client()); count(got, "account.redacted") != 1 || count(got, "inquiry.redacted") != 1 {
		t.Errorf("events after it was unlocked: %v", got)
	}
}

func TestADocumentThatIsRedactedIsNotProcessedAnyMore(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	inquiry := newInquiry(t, client, "").ID
	_, err := server.Act("sandbox", sandbox.Act{Do: "submit", ID: inquiry, Type: "document/generic", Outcome: "pending"})
	ok(t, err)
	_, err = client.Inquiries.Redact(t.Context(), inquiry)
	ok(t, err)
	server.Advance(time.Hour)
	if names := events(t, client); count(names, "inquiry.redacted") != 1 || count(names, "document.processed") != 0 {
		t.Errorf("the events are %q", names)
	}
}
