package deliver

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/domain"
)

// testSender sends to this machine, and closes its connections when the test ends.
func testSender(t *testing.T, n Network) *sender {
	s := newSender(n, 5*time.Second, time.Now)
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

func endpointAt(url string, secrets ...domain.Secret) domain.Endpoint {
	e := domain.Endpoint{Environment: domain.Sandbox, Name: "crm", URL: url}
	for _, s := range secrets {
		e.Secrets = append(e.Secrets, domain.SigningSecret{Secret: s})
	}
	return e
}

func TestAMessageIsAcceptedByAReceiverThatKnowsOneOfTheSecrets(t *testing.T) {
	old, current, other := NewSecret(), NewSecret(), NewSecret()
	var header http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	s := testSender(t, Network{AllowPrivate: true})
	if a := s.send(t.Context(), endpointAt(server.URL, current, old), "ntf_1", []byte(`{"type":"endpoint.test"}`)); !a.accepted() {
		t.Fatalf("it came to %+v", a)
	}
	for _, secret := range []domain.Secret{old, current} {
		hook, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.Verify(body, header); err != nil {
			t.Errorf("a receiver rejects it: %v", err)
		}
	}
	hook, _ := standardwebhooks.NewWebhook(other.Reveal())
	if err := hook.Verify(body, header); err == nil {
		t.Error("a receiver with another secret accepts it")
	}
	if id := header.Get("webhook-id"); id != "ntf_1" || header.Get("Content-Type") != "application/json" {
		t.Errorf("the id is %q, the type %q", id, header.Get("Content-Type"))
	}
}

// The signature is that of the library for JavaScript (standardwebhooks 1.1.1 of npm).
func TestASignatureIsThatOfTheLibraryForJavaScript(t *testing.T) {
	got, err := sign([]domain.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "ntf_0123456789abcdef01234567", start, []byte(`{"type":"endpoint.test","data":{"reference":"Zoë"}}`))
	if want := "v1,LFPjRtTc6kxkkLKOhZ6njd6w4D7tbSktfQITnRUfOX8="; err != nil || got != want {
		t.Errorf("it is %q, want %q, error %v", got, want, err)
	}
}

func TestASecretThatExpiredSignsNoMore(t *testing.T) {
	e := endpointAt("", NewSecret())
	e.Secrets = append(e.Secrets, domain.SigningSecret{Secret: NewSecret(), ExpiresAt: start.Add(time.Hour)})
	if n := len(e.Signing(start)); n != 2 {
		t.Errorf("%d sign during the overlap", n)
	}
	if n := len(e.Signing(start.Add(time.Hour))); n != 1 {
		t.Errorf("%d sign after it", n)
	}
	if _, err := sign(nil, "ntf_1", start, nil); err == nil {
		t.Error("a message without a secret is sent")
	}
}

func TestAConnectionThatWasClosedCostsNoAttempt(t *testing.T) {
	var received atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		received.Add(1)
		if _, sent := r.Header["Idempotency-Key"]; sent {
			t.Error("an empty header is sent")
		}
	}))
	defer server.Close()
	s := testSender(t, Network{AllowPrivate: true})
	for i := range 20 {
		if a := s.send(t.Context(), endpointAt(server.URL, NewSecret()), "ntf_1", []byte("{}")); !a.accepted() {
			t.Fatalf("message %d came to %+v", i, a)
		}
		server.CloseClientConnections()
	}
	if n := received.Load(); n != 20 {
		t.Errorf("%d messages were received", n)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			followed.Store(true)
			return
		}
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	a := testSender(t, Network{AllowPrivate: true}).send(t.Context(), endpointAt(server.URL, NewSecret()), "ntf_1", nil)
	if followed.Load() || a.Status != http.StatusTemporaryRedirect || a.accepted() {
		t.Errorf("it came to %+v, and was followed: %v", a, followed.Load())
	}
}

func TestOfAnAnswerTheBeginningIsKept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "over\x00loaded "+strings.Repeat("x", 1<<20))
	}))
	defer server.Close()
	a := testSender(t, Network{AllowPrivate: true}).send(t.Context(), endpointAt(server.URL, NewSecret()), "ntf_1", nil)
	if a.Status != 503 || !strings.HasPrefix(a.Response, "over\uFFFDloaded") || len(a.Response) > maxExcerpt || a.retryAfter != 30*time.Second {
		t.Errorf("it came to %d with %d bytes after %s", a.Status, len(a.Response), a.retryAfter)
	}
}

// Many deliveries run at the same time, so each may use little memory.
func TestAnAnswerWithALongHeaderIsNotRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	}))
	defer server.Close()
	s := testSender(t, Network{AllowPrivate: true})
	if a := s.send(t.Context(), endpointAt(server.URL, NewSecret()), "ntf_1", []byte(`{}`)); a.accepted() || a.Error == "" {
		t.Errorf("it came to %+v", a)
	}
}

func TestAnEndpointThatHangsIsLeft(t *testing.T) {
	hung := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
	defer server.Close()
	defer close(hung)
	s := testSender(t, Network{AllowPrivate: true})
	s.timeout = 50 * time.Millisecond
	if a := s.send(t.Context(), endpointAt(server.URL+"?token=secret", NewSecret()), "ntf_1", nil); a.Status != 0 || a.Error != "no answer in time" {
		t.Errorf("it came to %+v", a)
	}
}

func TestAnErrorDoesNotShowTheAddress(t *testing.T) {
	server := httptest.NewServer(nil)
	address := server.URL
	server.Close()
	a := testSender(t, Network{AllowPrivate: true}).send(t.Context(), endpointAt(address+"/?token=very-secret", NewSecret()), "ntf_1", nil)
	if a.Status != 0 || a.Error == "" || strings.Contains(a.Error, "very-secret") {
		t.Errorf("it came to %+v", a)
	}
}

func TestAddressesThatAreNotPublicAreNotReached(t *testing.T) {
	s := testSender(t, Network{})
	for _, host := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200",
		"[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[2001:0:7f00:1::]", "[fe80::1%25lo]",
	} {
		if a := s.send(t.Context(), endpointAt("http://"+host+":1/", NewSecret()), "ntf_1", nil); !strings.Contains(a.Error, "not public") {
			t.Errorf("%s: %+v", host, a)
		}
		if err := (Network{}).CheckURL(domain.Sandbox, "http://"+host+"/"); err == nil {
			t.Errorf("%s is taken as an endpoint", host)
		}
		if err := (Network{AllowPrivate: true}).CheckURL(domain.Sandbox, "http://"+host+"/"); err != nil {
			t.Errorf("the allowed address %s is rejected: %v", host, err)
		}
	}
}

func TestTheAddressThatIsDialledIsTheOneThatIsChecked(t *testing.T) {
	var received atomic.Int32
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		received.Add(1)
		w.Header().Set("Connection", "close") // the next message resolves the name again
	})
	good := httptest.NewUnstartedServer(handler)
	good.Start()
	defer good.Close()
	_, port, _ := net.SplitHostPort(good.Listener.Addr().String())
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
	if err != nil {
		t.Skip("127.0.0.2 is not an address of this machine")
	}
	var inside atomic.Int32
	metadata := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) })}
	go metadata.Serve(listener)
	defer metadata.Close()

	answers := []string{"127.0.0.1", "127.0.0.2", "127.0.0.1"} // of the resolver, one after the other
	var asked atomic.Int32
	resolver := resolverOf(func() []netip.Addr {
		return []netip.Addr{netip.MustParseAddr(answers[(int(asked.Add(1))-1)%len(answers)])}
	})
	public := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.1/32"))) // stands for the public address
	s := testSender(t, Network{Resolver: resolver, guardian: public})
	e := endpointAt("http://host.example:"+port+"/", NewSecret())
	if a := s.send(t.Context(), e, "ntf_1", nil); !a.accepted() {
		t.Errorf("the public address: %+v", a)
	}
	if a := s.send(t.Context(), e, "ntf_2", nil); a.accepted() || !strings.Contains(a.Error, "not public") {
		t.Errorf("the name resolves to an inner address: %+v", a)
	}
	if a := s.send(t.Context(), e, "ntf_3", nil); !a.accepted() {
		t.Errorf("the public address again: %+v", a)
	}
	if received.Load() != 2 || inside.Load() != 0 {
		t.Errorf("the endpoint received %d, the inner server %d", received.Load(), inside.Load())
	}
}

// A name may have public and inner addresses at the same time, so that a check of one of them
// lets the other be dialled.
func TestOfSeveralAddressesOnlyThePublicOnesAreDialled(t *testing.T) {
	var received, inside atomic.Int32
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		received.Add(1)
		w.Header().Set("Connection", "close")
	}))
	defer good.Close()
	_, port, _ := net.SplitHostPort(good.Listener.Addr().String())
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
	if err != nil {
		t.Skip("127.0.0.2 is not an address of this machine")
	}
	inner := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) })}
	go inner.Serve(listener)
	defer inner.Close()

	public := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.1/32"))) // stands for the public address
	for name, addresses := range map[string][]string{
		"the inner one first":  {"127.0.0.2", "127.0.0.1"},
		"the public one first": {"127.0.0.1", "127.0.0.2"},
		"only inner ones":      {"127.0.0.2", "127.0.0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			received.Store(0)
			resolver := resolverOf(func() (all []netip.Addr) {
				for _, a := range addresses {
					all = append(all, netip.MustParseAddr(a))
				}
				return all
			})
			s := testSender(t, Network{Resolver: resolver, guardian: public})
			a := s.send(t.Context(), endpointAt("http://host.example:"+port+"/", NewSecret()), "ntf_1", nil)
			if slices.Contains(addresses, "127.0.0.1") != a.accepted() || a.accepted() != (received.Load() == 1) {
				t.Errorf("the endpoint received %d: %+v", received.Load(), a)
			}
			if inside.Load() != 0 {
				t.Error("the inner server was reached")
			}
		})
	}
}

// resolverOf answers every question for an IPv4 address with the next ones of addresses.
func resolverOf(addresses func() []netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer ours.Close()
			var length [2]byte // a message over a stream has its length before it: RFC 1035, 4.2.2
			if _, err := io.ReadFull(ours, length[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(ours, question); err != nil {
				return
			}
			reply := answerTo(question, addresses)
			_, _ = ours.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)) // the asker may be gone
		}()
		return theirs, nil
	}}
}

// answerTo answers a DNS question (RFC 1035, 4.1): with addresses to one of type A, and
// with none to others.
func answerTo(question []byte, addresses func() []netip.Addr) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	isA := binary.BigEndian.Uint16(question[end+1:]) == 1
	end += 5
	reply := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
	if isA {
		for _, a := range addresses() {
			reply[7]++
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4) // the name of the question, type A, class IN, for 0 seconds
			reply = append(reply, a.AsSlice()...)
		}
	}
	return reply
}

func TestTheAddressOfAnEndpointIsChecked(t *testing.T) {
	for address, want := range map[string]string{
		"https://host.example/hook": "", "http://host.example/hook": "production demands https", "host.example": "it is not an address", "ftp://host.example": "it is not an address",
		"https://": "it is not an address", "https://user:word@host.example": "it holds a user", "%": "it is not an address", "": "it is not an address",
	} {
		err := (Network{}).CheckURL(domain.Production, address)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
	if err := (Network{}).CheckURL(domain.Sandbox, "http://host.example/hook"); err != nil {
		t.Errorf("the sandbox: %v", err)
	}
}

func TestASecretHasTheFormOfStandardWebhooks(t *testing.T) {
	if err := CheckSecret(NewSecret()); err != nil {
		t.Error(err)
	}
	for _, s := range []domain.Secret{"", "whsec_", "whsec_c2hvcnQ=", "C2VjcmV0LXdpdGhvdXQtdGhlLXByZWZpeC0xMjM0NTY3ODk=", "whsec_not base64 at all, and long enough to be one", "wbhsec_00000000-0000"} {
		if err := CheckSecret(s); err == nil || s != "" && strings.Contains(err.Error(), s.Reveal()[6:]) && len(s) > 6 {
			t.Errorf("%q: %v", s.Reveal(), err)
		}
	}
}
