package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// fetch downloads a file without a key.
func fetch(t *testing.T, address, key string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	ok(t, err)
	request.Header.Set("X-Unchecked", "no operation of the documents")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	ok(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	ok(t, err)
	return response.StatusCode, response.Header, content
}

// photographed creates an inquiry with a passed verification, and returns the verification's
// attributes in a version.
func photographed(s *server, template, version string) (string, map[string]any) {
	s.t.Helper()
	_, _, doc := s.do("POST", "/api/v1/inquiries", inquiryBody)
	inquiry := doc["data"].(map[string]any)["id"].(string)
	status, _, doc := s.do("POST", "/api/v1/inquiries/"+inquiry+"/perform-simulate-actions?include=verifications",
		`{"meta":{"simulate-actions":[{"type":"create_passed_verification","data":{"verification-template-id":"`+template+`"}}]}}`, "Persona-Version", version)
	if status != 200 {
		s.t.Fatalf("%d %v", status, doc)
	}
	included := doc["included"].([]any)[0].(map[string]any)
	return included["id"].(string), included["attributes"].(map[string]any)
}

func TestPhotosAreBehindAddressesThatExpire(t *testing.T) {
	server := start(t, frozen())
	id, shown := photographed(server, sandbox.SelfieTemplateID, "2025-12-08")
	photos := shown["photo-urls"].([]any)
	if len(photos) != 3 {
		t.Fatalf("%d photos", len(photos))
	}
	for i, page := range []string{"left_photo", "center_photo", "right_photo"} {
		photo := photos[i].(map[string]any)
		status, header, content := fetch(t, photo["url"].(string), "")
		if status != 200 || photo["page"] != page || int(photo["byte-size"].(float64)) != len(content) || header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %d, %v, %d bytes, %v", page, status, photo, len(content), header)
		}
		if _, err := jpeg.Decode(bytes.NewReader(content)); err != nil {
			t.Errorf("%s cannot be seen: %v", page, err)
		}
	}
	address := photos[0].(map[string]any)["url"].(string)
	server.Advance(6*time.Hour - time.Second)
	if status, _, _ := fetch(t, address, ""); status != 200 {
		t.Errorf("just before six hours are over: %d", status)
	}
	server.Advance(time.Second)
	if status, _, _ := fetch(t, address, ""); status != 403 {
		t.Errorf("after six hours: %d", status)
	}
	_, _, doc := server.do("GET", "/api/v1/verifications/"+id, "")
	fresh := doc["data"].(map[string]any)["attributes"].(map[string]any)["left-photo-url"].(string)
	if status, _, _ := fetch(t, fresh, ""); status != 200 {
		t.Errorf("retrieved again: %d", status)
	}
	server.do("DELETE", "/api/v1/verifications/"+id, "")
	if status, _, _ := fetch(t, fresh, ""); status != 404 {
		t.Errorf("of a redacted verification: %d", status)
	}
}

func TestAnAccessTokenIsForOneFile(t *testing.T) {
	server := start(t, frozen())
	_, shown := photographed(server, sandbox.GovernmentIDTemplateID, "2025-12-08")
	address, err := url.Parse(shown["front-photo-url"].(string))
	ok(t, err)
	for name, test := range map[string]struct {
		path, token string
	}{
		"none":             {address.Path, ""},
		"another file's":   {strings.Replace(address.Path, "front", "back", 1), address.Query().Get("access_token")},
		"one that is cut":  {address.Path, address.Query().Get("access_token")[:40]},
		"one with letters": {address.Path, "x" + address.Query().Get("access_token")},
	} {
		if status, _, _ := fetch(t, server.url+test.path+"?access_token="+test.token, ""); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestOldVersionsDownloadWithAKey(t *testing.T) {
	server := start(t, frozen())
	_, shown := photographed(server, sandbox.GovernmentIDTemplateID, "2022-09-01")
	address := shown["front-photo-url"].(string)
	if !strings.HasPrefix(address, server.url+"/api/v1/files/") {
		t.Errorf("address %s", address)
	}
	for key, want := range map[string]int{"": 401, "persona_sandbox_other": 401, sandbox.SandboxKey: 200} {
		if status, _, _ := fetch(t, address, key); status != want {
			t.Errorf("with the key %q: %d, want %d", key, status, want)
		}
	}
}

func TestWhatWasUploadedIsServedUntilItsCaseIsRedacted(t *testing.T) {
	server := start(t, frozen())
	text := "Seen at the branch by Robin Reviewer.\n"
	status, _, doc := server.do("POST", "/api/v1/cases", `{"data":{"attributes":{"case-template-id":"`+sandbox.CaseTemplateID+`"}}}`)
	if status != 201 {
		t.Fatal(status)
	}
	id := doc["data"].(map[string]any)["id"].(string)
	_, _, doc = server.do("PATCH", "/api/v1/cases/"+id, `{"data":{"attributes":{"attachments":[{"filename":"my notes.txt","data":"`+base64.StdEncoding.EncodeToString([]byte(text))+`"}]}}}`)
	file := doc["data"].(map[string]any)["attributes"].(map[string]any)["attachments"].([]any)[0].(map[string]any)
	got, header, content := fetch(t, file["url"].(string), "")
	if got != 200 || string(content) != text || file["byte-size"] != float64(len(text)) || file["filename"] != "my notes.txt" {
		t.Errorf("%d %q of %v", got, content, file)
	}
	if header.Get("Content-Type") != "text/plain; charset=utf-8" || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", header)
	}
	server.do("DELETE", "/api/v1/cases/"+id, "")
	if got, _, _ := fetch(t, file["url"].(string), ""); got != 404 {
		t.Errorf("after the case was redacted: %d", got)
	}
}

func TestAKeySaysHowLongItsAddressesLive(t *testing.T) {
	server := start(t, frozen())
	status, _, doc := server.do("POST", "/api/v1/api-keys", `{"data":{"attributes":{"name":"Brief","file-access-token-expires-in":60}}}`)
	if status != 201 {
		t.Fatal(status)
	}
	key := doc["data"].(map[string]any)["attributes"].(map[string]any)["value"].(string)
	id, _ := photographed(server, sandbox.GovernmentIDTemplateID, "2025-12-08")
	_, _, doc = server.do("GET", "/api/v1/verifications/"+id, "", "Authorization", "Bearer "+key)
	address := doc["data"].(map[string]any)["attributes"].(map[string]any)["front-photo-url"].(string)
	server.Advance(59 * time.Second)
	if got, _, _ := fetch(t, address, ""); got != 200 {
		t.Errorf("after 59 s: %d", got)
	}
	server.Advance(time.Second)
	if got, _, _ := fetch(t, address, ""); got != 403 {
		t.Errorf("after a minute: %d", got)
	}
	if status, _, _ := server.do("POST", "/api/v1/api-keys", `{"data":{"attributes":{"name":"Long","file-access-token-expires-in":300000}}}`); status != 400 {
		t.Errorf("for more than three days: %d", status)
	}
}

func TestAPrintShowsWhatAResourceSays(t *testing.T) {
	server := start(t, frozen())
	id, _ := photographed(server, sandbox.GovernmentIDTemplateID, "2025-12-08")
	for _, redacted := range []bool{false, true} {
		if redacted {
			server.do("DELETE", "/api/v1/verifications/"+id, "")
		}
		status, header, file := fetch(t, server.url+"/api/v1/verifications/"+id+"/print", sandbox.SandboxKey)
		if status != 200 || header.Get("Content-Type") != "application/pdf" || !bytes.Contains(file, []byte("(status: passed)")) {
			t.Fatalf("%d %v\n%s", status, header, file)
		}
		if named := bytes.Contains(file, []byte("(name-first: ALEXANDER J)")); named == redacted {
			t.Errorf("redacted %v, and it shows the name: %v", redacted, named)
		}
	}
}
