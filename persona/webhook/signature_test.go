package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

const (
	secret    = "wbhsec_11111111-2222-3333-4444-555555555555"
	oldSecret = "wbhsec_99999999-8888-7777-6666-555555555555"
)

var (
	signedAt = time.Unix(1_770_000_000, 0)
	body     = []byte(`{"data":{"type":"event","id":"evt_1"}}`)
)

func TestSignatureOfAKnownBodyIsTheOneOpenSSLMakes(t *testing.T) {
	// printf '%s' '1770000000.{"data":{"type":"event","id":"evt_1"}}' |
	//   openssl dgst -sha256 -hmac wbhsec_11111111-2222-3333-4444-555555555555
	const want = "t=1770000000,v1=abb1ebb7d2d04ee43b661b3839ea15bc39d04cf817fa4a77be06a048af4a6b17"
	if got := webhook.Sign(body, signedAt, secret); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	header := func(at time.Time, secrets ...string) string { return webhook.Sign(body, at, secrets...) }
	good := header(signedAt, secret)
	both := header(signedAt, secret, oldSecret)
	v1 := good[strings.Index(good, "v1="):]

	tests := []struct {
		name    string
		body    string // the signed body when empty
		header  string
		secrets []string // the one secret when nil
		opts    []webhook.VerifyOption
		want    error
	}{
		{name: "a body signed now is accepted", header: good},
		{name: "a retry signed four minutes ago is accepted", header: header(signedAt.Add(-4*time.Minute), secret)},
		{name: "a signature exactly as old as the tolerance is accepted", header: header(signedAt.Add(-5*time.Minute), secret)},
		{name: "a signature older than the tolerance is stale", header: header(signedAt.Add(-5*time.Minute-time.Second), secret), want: webhook.ErrStale},
		{name: "a signature further in the future than the tolerance is stale", header: header(signedAt.Add(6*time.Minute), secret), want: webhook.ErrStale},
		{name: "a wider tolerance accepts an older signature", header: header(signedAt.Add(-time.Hour), secret), opts: []webhook.VerifyOption{webhook.WithTolerance(2 * time.Hour)}},
		{name: "a narrower tolerance refuses what the default accepts", header: header(signedAt.Add(-2*time.Second), secret), opts: []webhook.VerifyOption{webhook.WithTolerance(time.Second)}, want: webhook.ErrStale},
		{name: "a tolerance of zero is the default, not a hole", header: header(signedAt.Add(-time.Hour), secret), opts: []webhook.VerifyOption{webhook.WithTolerance(0)}, want: webhook.ErrStale},
		{name: "any age is accepted when asked for", header: header(time.Unix(1, 0), secret), opts: []webhook.VerifyOption{webhook.WithTolerance(webhook.AnyAge)}},
		{name: "any age still wants a signature", header: header(time.Unix(1, 0), oldSecret), opts: []webhook.VerifyOption{webhook.WithTolerance(webhook.AnyAge)}, want: webhook.ErrMismatch},

		{name: "a changed body is a mismatch", body: `{"data":{"type":"event","id":"evt_2"}}`, header: good, want: webhook.ErrMismatch},
		{name: "another secret is a mismatch", header: header(signedAt, oldSecret), want: webhook.ErrMismatch},
		{name: "a changed time is a mismatch", header: "t=1770000001," + v1, want: webhook.ErrMismatch},
		{name: "an old forgery is a mismatch, not stale", header: header(signedAt.Add(-time.Hour), oldSecret), want: webhook.ErrMismatch},

		{name: "during rotation a receiver with the new secret accepts", header: both},
		{name: "during rotation a receiver with the old secret accepts", header: both, secrets: []string{oldSecret}},
		{name: "during rotation a receiver with both secrets accepts", header: both, secrets: []string{secret, oldSecret}},
		{name: "a receiver with both secrets accepts before the rotation", header: header(signedAt, oldSecret), secrets: []string{secret, oldSecret}},
		{name: "each group is signed with its own time", header: header(signedAt.Add(time.Second), secret) + " " + header(signedAt.Add(-time.Second), oldSecret), secrets: []string{oldSecret}},
		{name: "a stale group does not hide a fresh one", header: header(signedAt.Add(-time.Hour), secret) + " " + good},
		{name: "the time of one group does not freshen another", header: header(signedAt, oldSecret) + " " + header(signedAt.Add(-time.Hour), secret), want: webhook.ErrStale},

		{name: "no header is missing", header: "", want: webhook.ErrMissing},
		{name: "a blank header is missing", header: "  ", want: webhook.ErrMissing},
		{name: "no secret refuses everything", header: good, secrets: []string{}, want: webhook.ErrNoSecret},
		{name: "an empty secret is no secret, even for a body signed with it", header: header(signedAt, ""), secrets: []string{""}, want: webhook.ErrNoSecret},
		{name: "an empty secret beside a real one accepts nothing", header: header(signedAt, ""), secrets: []string{"", secret}, want: webhook.ErrMismatch},

		{name: "the line break at the end of a secret's file is no part of the secret", header: good, secrets: []string{secret + "\n"}},
		{name: "a blank secret is no secret, even for a body signed with it", header: header(signedAt, " "), secrets: []string{" \n"}, want: webhook.ErrNoSecret},

		{name: "upper-case digits are the same signature", header: "t=1770000000,v1=" + strings.ToUpper(v1[3:])},
		{name: "an unknown scheme beside v1 is passed over", header: good + ",v2=abc"},
		{name: "a group without a time is malformed", header: v1, want: webhook.ErrMalformed},
		{name: "a group without a signature is malformed", header: "t=1770000000", want: webhook.ErrMalformed},
		{name: "two times in one group are malformed", header: "t=1," + good, want: webhook.ErrMalformed},
		{name: "two signatures in one group are malformed", header: good + "," + v1, want: webhook.ErrMalformed},
		{name: "a time that is not a number is malformed", header: "t=now," + v1, want: webhook.ErrMalformed},
		{name: "a negative time is malformed", header: "t=-1," + v1, want: webhook.ErrMalformed},
		{name: "a time beyond the year 9999 is malformed", header: "t=253402300800," + v1, want: webhook.ErrMalformed},
		{name: "a time that overflows is malformed", header: "t=99999999999999999999," + v1, want: webhook.ErrMalformed},
		{name: "a short signature is malformed", header: good[:len(good)-2], want: webhook.ErrMalformed},
		{name: "a signature that is not hexadecimal is malformed", header: good[:len(good)-1] + "g", want: webhook.ErrMalformed},
		{name: "words are malformed", header: "not a signature", want: webhook.ErrMalformed},
		{name: "a good group beside rubbish is malformed", header: good + " rubbish", want: webhook.ErrMalformed},
		{name: "a header of more than a kibibyte is malformed", header: strings.Repeat(good+" ", 13), want: webhook.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			signed := body
			if tt.body != "" {
				signed = []byte(tt.body)
			}
			secrets := tt.secrets
			if secrets == nil {
				secrets = []string{secret}
			}
			opts := append([]webhook.VerifyOption{webhook.WithTime(signedAt)}, tt.opts...)
			err := webhook.Verify(signed, tt.header, secrets, opts...)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Verify = %v, want %v", err, tt.want)
			}
			if err != nil {
				noLeak(t, err, secret, oldSecret, v1[3:], tt.body)
			}
		})
	}
}

func TestHeaderGivenTwiceIsMalformed(t *testing.T) {
	good := webhook.Sign(body, signedAt, secret)
	opt := webhook.WithTime(signedAt)

	one := http.Header{webhook.SignatureHeader: {good}}
	if err := webhook.VerifyHeader(body, one, []string{secret}, opt); err != nil {
		t.Errorf("one header: %v", err)
	}
	two := http.Header{webhook.SignatureHeader: {good, good}}
	if err := webhook.VerifyHeader(body, two, []string{secret}, opt); !errors.Is(err, webhook.ErrMalformed) {
		t.Errorf("two headers: %v, want %v", err, webhook.ErrMalformed)
	}
	if err := webhook.VerifyHeader(body, http.Header{}, []string{secret}, opt); !errors.Is(err, webhook.ErrMissing) {
		t.Errorf("no header: %v, want %v", err, webhook.ErrMissing)
	}
}

func TestSignatureErrorTellsItsReasonAndWhatToDo(t *testing.T) {
	err := webhook.Verify(body, webhook.Sign(body, signedAt.Add(-time.Hour), secret), []string{secret}, webhook.WithTime(signedAt))
	var sigErr *webhook.SignatureError
	if !errors.As(err, &sigErr) || sigErr.Reason != webhook.ReasonStale {
		t.Fatalf("err = %#v, want a SignatureError with reason stale", err)
	}
	if errors.Is(err, webhook.ErrMismatch) {
		t.Error("a stale signature also matches ErrMismatch")
	}
	const want = "webhook signature: signed 1h0m0s ago, tolerance 5m0s: a replay, or check this machine's clock"
	if err.Error() != want {
		t.Errorf("Error() = %q, want %q", err, want)
	}
}

func TestSignWithoutASecretIsNoHeader(t *testing.T) {
	if got := webhook.Sign(body, signedAt); got != "" {
		t.Errorf("Sign without a secret = %q, want nothing", got)
	}
}

// noLeak fails when the error's text holds one of the strings.
func noLeak(t *testing.T, err error, private ...string) {
	t.Helper()
	for _, s := range private {
		if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("the error %q quotes what must stay private", err)
		}
	}
}

func FuzzVerifyAcceptsOnlyWhatTheSecretSigned(f *testing.F) {
	good := webhook.Sign(body, signedAt, secret)
	for _, header := range []string{good, webhook.Sign(body, signedAt, secret, oldSecret), "", "t=1", "t=1,v1=zz", " , = ,", good + ",v2=x", "t=01770000000" + good[12:]} {
		f.Add(header, body)
	}
	f.Fuzz(func(t *testing.T, header string, payload []byte) {
		err := webhook.Verify(payload, header, []string{secret}, webhook.WithTime(signedAt))
		var sigErr *webhook.SignatureError
		switch {
		case err == nil && !anyGroupIsGenuine(header, payload):
			t.Errorf("accepted %q, which the secret did not make", header)
		case err != nil && !errors.As(err, &sigErr):
			t.Errorf("err = %#v, want a SignatureError", err)
		}
	})
}

func anyGroupIsGenuine(header string, payload []byte) bool {
	for group := range strings.FieldsSeq(header) {
		at := regexp.MustCompile(`(?:^|,)t=([0-9]+)`).FindStringSubmatch(group)
		v1 := regexp.MustCompile(`(?:^|,)v1=([0-9a-fA-F]{64})`).FindStringSubmatch(group)
		if at == nil || v1 == nil {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "%s.%s", at[1], payload)
		if strings.EqualFold(v1[1], hex.EncodeToString(mac.Sum(nil))) {
			return true
		}
	}
	return false
}

func FuzzSignedBodyVerifiesAndAChangedOneDoesNot(f *testing.F) {
	f.Add(body, secret, int64(1_770_000_000), 3)
	f.Add(body, " "+secret+"\n", int64(1_770_000_000), 3)
	f.Fuzz(func(t *testing.T, payload []byte, secret string, unix int64, flip int) {
		if strings.TrimSpace(secret) == "" || unix < 0 || unix > 253402300799 {
			t.Skip("nothing can be signed with it")
		}
		at := time.Unix(unix, 0)
		header := webhook.Sign(payload, at, "another "+secret, secret)
		if err := webhook.Verify(payload, header, []string{secret}, webhook.WithTime(at)); err != nil {
			t.Fatalf("a body just signed: %v", err)
		}
		if len(payload) == 0 || flip < 0 {
			return
		}
		payload[flip%len(payload)] ^= 1
		if err := webhook.Verify(payload, header, []string{secret}, webhook.WithTime(at)); !errors.Is(err, webhook.ErrMismatch) {
			t.Fatalf("a changed body: %v, want %v", err, webhook.ErrMismatch)
		}
	})
}
