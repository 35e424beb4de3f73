package persona_test

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/idemhq/idem/persona"
)

func TestAnImportIsMultipart(t *testing.T) {
	s := &script{replies: []reply{{status: 201, body: `{"data":{"type":"importer/list-item/email-address","id":"mprt_1","attributes":{"status":"pending"}}}`}}}
	_, err := s.client(t).Importers.ImportEmailAddressListItems(t.Context(), persona.ImporterImportEmailAddressListItemsParams{
		File: persona.File{Name: "list.csv", Content: strings.NewReader("value\na@example.com\n")}, ListID: "lst_1",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(s.requests[0].Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(strings.NewReader(s.bodies[0]), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	file := form.File["data[attributes][file]"]
	if len(file) != 1 || file[0].Filename != "list.csv" || form.Value["data[attributes][list-id]"][0] != "lst_1" {
		t.Errorf("form %+v", form)
	}
}

func TestAnUnreadableUploadIsNotSent(t *testing.T) {
	s := &script{replies: []reply{ok(`{}`)}}
	broken := errors.New("the disk is gone")
	for name, content := range map[string]io.Reader{"broken": iotest.ErrReader(broken), "missing": nil} {
		_, err := s.client(t).Importers.ImportAccounts(t.Context(), persona.ImporterImportAccountsParams{File: persona.File{Name: "a.csv", Content: content}})
		if err == nil || len(s.requests) != 0 {
			t.Errorf("%s: error %v after %d requests", name, err, len(s.requests))
		}
	}
}

func TestOAuthSendsForms(t *testing.T) {
	s := &script{replies: []reply{{status: 201, body: `{"access-token":"t","expires-in":3600,"token-type":"bearer"}`}}}
	token, err := s.client(t).OAuth.Token(t.Context(), persona.OAuthTokenParams{Code: persona.Set("a b&c"), GrantType: persona.Set("authorization_code")})
	if err != nil || token.AccessToken != "t" || token.ExpiresIn != 3600 {
		t.Fatalf("token %+v, error %v", token, err)
	}
	form, err := url.ParseQuery(s.bodies[0])
	if err != nil || form.Get("code") != "a b&c" || form.Get("grant-type") != "authorization_code" || len(form) != 2 {
		t.Errorf("form %v, error %v", form, err)
	}
	if got := s.requests[0].Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		t.Errorf("content type %s", got)
	}
}

func TestRelayHasItsOwnPathsAndAuthorization(t *testing.T) {
	s := &script{replies: []reply{{status: 201, body: `{"relay-token":"r","relay-secret":"s"}`}, ok(`{"challenge":"c"}`), ok(`{"claim-payload":"p"}`)}}
	client := s.client(t)
	relay, err := client.Relays.Create(t.Context(), persona.RelayCreateParams{ClaimType: "live_human_presence"})
	if err != nil || relay.RelayToken != "r" {
		t.Fatalf("relay %+v, error %v", relay, err)
	}
	if _, err := client.Relays.RequestChallenge(t.Context(), persona.RelayRequestChallengeParams{ClaimType: "live_human_presence"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.Relays.GenerateClaim(t.Context(), "r", persona.RelayGenerateClaimParams{PersonaRelaySecret: "s"}, persona.WithHeader("Authorization", "PrivateToken token=abc"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ path, authorization string }{
		{"/api/privacy/v1/relays", ""}, {"/api/privacy/v1/relays/challenge", ""}, {"/api/privacy/v1/relays/r/generate-claim", "PrivateToken token=abc"},
	} {
		if r := s.requests[i]; r.URL.Path != want.path || r.Header.Get("Authorization") != want.authorization {
			t.Errorf("sent to %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
	}
	if got := s.requests[2].Header.Get("Persona-Relay-Secret"); got != "s" {
		t.Errorf("the secret is %q", got)
	}
	if got := s.bodies[0]; got != `{"claim-type":"live_human_presence","encryption-key-pem":null}` {
		t.Errorf("body %s", got)
	}
}

func TestAPrintIsAStream(t *testing.T) {
	s := &script{replies: []reply{{status: 200, header: map[string]string{"Content-Type": "application/pdf"}, body: "%PDF-1.4"}, refused(409, nil)}}
	client := s.client(t)
	pdf, err := client.Inquiries.Print(t.Context(), "inq_1")
	if err != nil {
		t.Fatal(err)
	}
	defer pdf.Close()
	if b, err := io.ReadAll(pdf); err != nil || string(b) != "%PDF-1.4" || pdf.ContentType != "application/pdf" {
		t.Errorf("read %s of %s, error %v", b, pdf.ContentType, err)
	}
	if _, err := client.Inquiries.Print(t.Context(), "inq_1"); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("error %v", err)
	}
}

func TestDownloadsSendTheKeyOnlyToTheAPI(t *testing.T) {
	var authorization string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, "photo")
	})
	home, files := httptest.NewServer(handler), httptest.NewServer(handler)
	defer home.Close()
	defer files.Close()
	client, err := persona.NewClient(persona.WithAPIKey(testKey), persona.WithBaseURL(home.URL+"/api/v1"), persona.WithBackoff(time.Millisecond, time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{files.URL + "/a.jpg?access_token=t": "", home.URL + "/api/v1/files/t/a.jpg": "Bearer " + testKey} {
		photo, err := client.Download(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(photo)
		photo.Close()
		if err != nil || string(b) != "photo" || authorization != want {
			t.Errorf("read %q with authorization %q, error %v", b, authorization, err)
		}
	}
	if _, err := client.Download(t.Context(), files.URL+"/gone?access_token=secret-token"); !errors.Is(err, persona.ErrNotFound) || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error %v", err)
	}
	if _, err := client.Download(t.Context(), "not a URL"); err == nil {
		t.Error("a malformed URL was fetched")
	}
	files.Close()
	if _, err := client.Download(t.Context(), files.URL+"/a.jpg?access_token=secret-token"); err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error %v", err)
	}
}

func TestADownloadIsRetriedAndLogged(t *testing.T) {
	var asked int
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "photo")
	}))
	defer files.Close()
	var log strings.Builder
	client, err := persona.NewClient(persona.WithAPIKey(testKey), persona.WithBackoff(time.Millisecond, time.Millisecond),
		persona.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	if err != nil {
		t.Fatal(err)
	}
	photo, err := client.Download(t.Context(), files.URL+"/a.jpg?access_token=secret-token")
	if err != nil {
		t.Fatal(err)
	}
	defer photo.Close()
	if b, err := io.ReadAll(photo); err != nil || string(b) != "photo" {
		t.Errorf("read %q, error %v", b, err)
	}
	if got := log.String(); strings.Count(got, "operation=Client.Download") != 2 || strings.Contains(got, "secret-token") || strings.Contains(got, testKey) {
		t.Errorf("logged %s", got)
	}
}

func TestOperationsAreACopy(t *testing.T) {
	operations := persona.Operations()
	operations[0].Service = "changed"
	if persona.Operations()[0].Service == "changed" {
		t.Error("the registry can be changed from outside")
	}
	if len(operations) != 209 {
		t.Errorf("%d operations", len(operations))
	}
}
