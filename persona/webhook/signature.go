package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader is the request header with the signature.
const SignatureHeader = "Persona-Signature"

const (
	// DefaultTolerance is the maximum difference between a signature's time and now.
	// Persona documents no tolerance. It signs every attempt anew (Persona docs: Webhooks
	// best practices, "t" is the time of sending), so late retries are accepted.
	DefaultTolerance = 5 * time.Minute

	// AnyAge, as an argument of [WithTolerance], accepts a signature of any time.
	AnyAge time.Duration = -1
)

// maxSignatureHeader limits the work for an unsigned request. A group is 80 bytes long, and
// there is one for each valid secret.
const maxSignatureHeader = 1024

// VerifyOption configures how [Verify] and [Handler] check signatures.
type VerifyOption func(*verifier)

type verifier struct {
	tolerance time.Duration
	now       func() time.Time
}

// WithTolerance sets the maximum difference between a signature's time and now, in the past
// or the future. Zero means [DefaultTolerance]. [AnyAge], or any negative duration, turns
// the check off.
func WithTolerance(d time.Duration) VerifyOption {
	return func(v *verifier) {
		if d == 0 {
			d = DefaultTolerance
		}
		v.tolerance = d
	}
}

// WithTime uses t as the current time, for stored bodies and for tests.
func WithTime(t time.Time) VerifyOption {
	return WithClock(func() time.Time { return t })
}

// WithClock uses clock instead of the machine's clock.
func WithClock(clock func() time.Time) VerifyOption {
	return func(v *verifier) { v.now = clock }
}

// Verify reports whether the body was signed with one of the secrets, and recently.
// It returns nil, or a [*SignatureError] that says why not.
//
// The body is the bytes as they were received, before any decoding. The header is
// the value of [SignatureHeader]: one group "t=<unix seconds>,v1=<hex>", or several
// separated by spaces while a secret is being rotated, where v1 is the HMAC-SHA256
// of "<t>.<body>" under the whole secret, its wbhsec_ prefix included (Persona docs:
// Webhooks best practices). Each group is checked with its own time, against every
// secret; one that matches is enough. Signatures are compared in constant time.
//
// White space around a secret, such as the line break at the end of a file, is no part
// of it. Empty secrets are passed over, since anyone can sign with them: without a
// secret that is not empty, nothing is accepted.
func Verify(body []byte, header string, secrets []string, opts ...VerifyOption) error {
	return newVerifier(opts).verify(body, header, secrets)
}

// VerifyHeader is like [Verify] but takes the headers of a request. A request with more
// than one [SignatureHeader] is rejected as malformed.
func VerifyHeader(body []byte, h http.Header, secrets []string, opts ...VerifyOption) error {
	return newVerifier(opts).verifyHeader(body, h, secrets)
}

// Sign returns the header that Persona would send for the body at the given time, with one
// group for each secret, the newest secret first. Without secrets it is empty.
func Sign(body []byte, at time.Time, secrets ...string) string {
	t := strconv.FormatInt(at.Unix(), 10)
	groups := make([]string, len(secrets))
	for i, secret := range secrets {
		groups[i] = "t=" + t + ",v1=" + hex.EncodeToString(sum(secret, t, body))
	}
	return strings.Join(groups, " ")
}

func newVerifier(opts []VerifyOption) verifier {
	v := verifier{tolerance: DefaultTolerance, now: time.Now}
	for _, opt := range opts {
		opt(&v)
	}
	return v
}

func (v verifier) verifyHeader(body []byte, h http.Header, secrets []string) error {
	values := h.Values(SignatureHeader)
	if len(values) > 1 {
		return malformed("the header is given more than once")
	}
	return v.verify(body, strings.Join(values, ""), secrets)
}

func (v verifier) verify(body []byte, header string, secrets []string) error {
	if !anySecret(secrets) {
		return &SignatureError{Reason: ReasonNoSecret}
	}
	groups, err := parseSignature(header)
	if err != nil {
		return err
	}
	var stale *SignatureError
	now := v.now()
	for _, g := range groups {
		if !g.signedWithAny(secrets, body) {
			continue
		}
		age := now.Sub(time.Unix(g.unix, 0))
		if v.tolerance < 0 || age.Abs() <= v.tolerance {
			return nil
		}
		stale = &SignatureError{Reason: ReasonStale, age: age, tolerance: v.tolerance}
	}
	if stale != nil {
		return stale
	}
	return &SignatureError{Reason: ReasonMismatch}
}

func anySecret(secrets []string) bool {
	for _, secret := range secrets {
		if strings.TrimSpace(secret) != "" {
			return true
		}
	}
	return false
}

// signature is one "t=…,v1=…" group.
type signature struct {
	t    string // as written, since these characters were signed
	unix int64
	v1   [sha256.Size]byte
}

func (g *signature) signedWithAny(secrets []string, body []byte) bool {
	for _, secret := range secrets {
		if strings.TrimSpace(secret) != "" && hmac.Equal(sum(secret, g.t, body), g.v1[:]) {
			return true
		}
	}
	return false
}

func sum(secret, t string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(strings.TrimSpace(secret)))
	mac.Write([]byte(t))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return mac.Sum(nil)
}

func parseSignature(header string) ([]signature, error) {
	if len(header) > maxSignatureHeader {
		return nil, malformed("the header is longer than " + strconv.Itoa(maxSignatureHeader) + " bytes")
	}
	fields := strings.Fields(header)
	if len(fields) == 0 {
		return nil, &SignatureError{Reason: ReasonMissing}
	}
	groups := make([]signature, len(fields))
	for i, field := range fields {
		if err := groups[i].parse(field); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// parse parses one group. It ignores parts other than t and v1, so that Persona can add
// another scheme.
func (g *signature) parse(group string) error {
	var v1 string
	for part := range strings.SplitSeq(group, ",") {
		key, value, ok := strings.Cut(part, "=")
		switch {
		case !ok || value == "":
			return malformed("a part is not of the form key=value")
		case key == "t" && g.t != "", key == "v1" && v1 != "":
			return malformed("a group holds t or v1 twice")
		case key == "t":
			g.t = value
		case key == "v1":
			v1 = value
		}
	}
	if g.t == "" || v1 == "" {
		return malformed("a group lacks t or v1")
	}
	if !allDigits(g.t) {
		return malformed("t is not a number of seconds")
	}
	unix, err := strconv.ParseInt(g.t, 10, 64)
	if err != nil || unix > maxUnix {
		return malformed("t is out of range")
	}
	g.unix = unix
	if len(v1) != hex.EncodedLen(len(g.v1)) {
		return malformed("v1 is not 64 hexadecimal digits")
	}
	if _, err := hex.Decode(g.v1[:], []byte(v1)); err != nil {
		return malformed("v1 is not 64 hexadecimal digits")
	}
	return nil
}

// maxUnix is the last second of the year 9999.
const maxUnix = 253402300799

func allDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
