package hostile

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

// signatures returns valid events with unusual signatures.
func signatures() []Case {
	type sign = func(body []byte, at time.Time, secret string) []string
	header := func(value string) sign { return func([]byte, time.Time, string) []string { return []string{value} } }
	change := func(f func(good string) string) sign {
		return func(body []byte, at time.Time, secret string) []string {
			return []string{f(webhook.Sign(body, at, secret))}
		}
	}
	after := func(d time.Duration) sign {
		return func(body []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(body, at.Add(d), secret)}
		}
	}
	other := func(body []byte, at time.Time) string { return webhook.Sign(body, at, "wbhsec_of_somebody_else") }
	var cases []Case
	for _, c := range []struct {
		name string
		sign sign
		want Want
	}{
		{"no signature", func([]byte, time.Time, string) []string { return nil }, forged},
		{"an empty signature", header(""), forged},
		{"a signature that is white space", header("   "), forged},
		{"a signature with another secret", func(body []byte, at time.Time, _ string) []string { return []string{other(body, at)} }, forged},
		{"a signature of another body", func(_ []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign([]byte("{}"), at, secret)}
		}, forged},
		{"a signature of no body", func(_ []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(nil, at, secret)}
		}, forged},
		{"a signature without its time", change(func(s string) string { return s[strings.Index(s, "v1="):] }), forged},
		{"a signature without its digest", change(func(s string) string { return s[:strings.Index(s, ",")] }), forged},
		{"a signature whose time was changed", change(func(s string) string { return strings.Replace(s, "t=1", "t=01", 1) }), forged},
		{"a signature whose time is a word", header("t=now,v1=" + strings.Repeat("0", 64)), forged},
		{"a signature whose time is below zero", header("t=-1,v1=" + strings.Repeat("0", 64)), forged},
		{"a signature whose time overflows", header("t=" + strings.Repeat("9", 40) + ",v1=" + strings.Repeat("0", 64)), forged},
		{"a signature whose time is a fraction", change(func(s string) string { return strings.Replace(s, ",v1", ".5,v1", 1) }), forged},
		{"a signature that is cut off", change(func(s string) string { return s[:len(s)-2] }), forged},
		{"a signature that is too long", change(func(s string) string { return s + "00" }), forged},
		{"a signature of zeros", header("t=1767225600,v1=" + strings.Repeat("0", 64)), forged},
		{"a signature that is not hexadecimal", header("t=1767225600,v1=" + strings.Repeat("z", 64)), forged},
		{"a signature of another scheme", change(func(s string) string { return strings.Replace(s, "v1=", "v0=", 1) }), forged},
		{"a signature with two times", change(func(s string) string { return "t=1," + s }), forged},
		{"a signature with two digests", change(func(s string) string { return s + ",v1=" + strings.Repeat("0", 64) }), forged},
		{"a signature without an equals sign", header("signed"), forged},
		{"a signature between commas", change(func(s string) string { return "," + s + "," }), forged},
		{"two valid signature headers", func(body []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(body, at, secret), webhook.Sign(body, at, secret)}
		}, forged},
		{"a signature from six minutes ago", after(-6 * time.Minute), forged},
		{"a signature in six minutes", after(6 * time.Minute), forged},
		{"a signature from a year ago", after(-365 * 24 * time.Hour), forged},
		{"a header of two thousand bytes", change(func(s string) string { return s + strings.Repeat(" ", 2000) + s }), forged},
		{"two signatures with other secrets", func(body []byte, at time.Time, _ string) []string {
			return []string{other(body, at) + " " + other(body, at)}
		}, forged},
		{"an old signature and one with another secret", func(body []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(body, at.Add(-time.Hour), secret) + " " + other(body, at)}
		}, forged},
		{"a valid signature and a malformed one", change(func(s string) string { return s + " v1" }), forged},

		{"a rotation that signs with the new secret first", func(body []byte, at time.Time, secret string) []string {
			return []string{other(body, at) + " " + webhook.Sign(body, at, secret)}
		}, applied},
		{"a rotation that signs with the new secret last", func(body []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(body, at, secret) + " " + other(body, at)}
		}, applied},
		{"a rotation whose other signature is old", func(body []byte, at time.Time, secret string) []string {
			return []string{webhook.Sign(body, at, secret) + " " + webhook.Sign(body, at.Add(-time.Hour), secret)}
		}, applied},
		{"a signature from four minutes ago", after(-4 * time.Minute), applied},
		{"a signature in four minutes", after(4 * time.Minute), applied},
		{"a signature in capitals", change(func(s string) string {
			at := strings.Index(s, "v1=") + len("v1=")
			return s[:at] + strings.ToUpper(s[at:])
		}), applied},
		{"a signature with an additional scheme", change(func(s string) string { return s + ",v2=abc" }), applied},
		{"a signature with its parts in reverse order", change(func(s string) string { t, v1, _ := strings.Cut(s, ","); return v1 + "," + t }), applied},
	} {
		cases = append(cases, Case{Name: c.name, Body: swap(), Sign: c.sign, Want: c.want})
	}
	return cases
}

// requests returns valid events in unusual requests.
func requests() []Case {
	contentType := func(values ...string) http.Header { return http.Header{"Content-Type": values} }
	wrongType := Want{Status: http.StatusUnsupportedMediaType}
	tooLarge := Want{Status: http.StatusRequestEntityTooLarge}
	padded := func(length int) func(string) []byte {
		return func(id string) []byte {
			body := swap()(id)
			return append(body, strings.Repeat(" ", length-len(body))...)
		}
	}
	encoded := func(order string) func(string) []byte {
		return func(id string) []byte {
			var b []byte
			for _, c := range swap()(id) {
				if order == "LE" {
					b = append(b, c, 0)
				} else {
					b = append(b, 0, c)
				}
			}
			return b
		}
	}
	return []Case{
		{Name: "no content type", Body: swap(), Headers: contentType(), Want: wrongType},
		{Name: "an empty content type", Body: swap(), Headers: contentType(""), Want: wrongType},
		{Name: "a content type of text", Body: swap(), Headers: contentType("text/plain"), Want: wrongType},
		{Name: "a content type of a form", Body: swap(), Headers: contentType("application/x-www-form-urlencoded"), Want: wrongType},
		{Name: "a content type of JSON:API", Body: swap(), Headers: contentType("application/vnd.api+json"), Want: wrongType},
		{Name: "a content type that is malformed", Body: swap(), Headers: contentType("application/json; charset"), Want: wrongType},
		{Name: "a content type of two", Body: swap(), Headers: contentType("application/json, text/plain"), Want: wrongType},
		{Name: "a content type with a charset", Body: swap(), Headers: contentType("application/json; charset=utf-8"), Want: applied},
		{Name: "a content type in capitals", Body: swap(), Headers: contentType("Application/JSON"), Want: applied},
		{Name: "a content type with another charset", Body: swap(), Headers: contentType("application/json; charset=latin1"), Want: applied},

		{Name: "a body without a length", Body: swap(), Chunked: true, Want: applied},
		{Name: "an empty body", Body: text(""), Want: refused},
		{Name: "a body of one byte", Body: text("{"), Want: refused},
		{Name: "a body of 8,192 bytes", Body: padded(8192), Want: applied},
		{Name: "a body of 100,000 bytes", Body: padded(100_000), Want: applied},
		{Name: "a body of a mebibyte", Body: padded(webhook.MaxBody), Want: applied},
		{Name: "a body of a mebibyte without a length", Body: padded(webhook.MaxBody), Chunked: true, Want: applied},
		{Name: "a body of a byte more", Body: padded(webhook.MaxBody + 1), Want: tooLarge},
		{Name: "a body of a byte more without a length", Body: padded(webhook.MaxBody + 1), Chunked: true, Want: tooLarge},
		{Name: "a body with an attribute of half a mebibyte", Body: swap(`"status"`, `"note":"`+strings.Repeat("x", 1<<19)+`","status"`), Want: applied},

		{Name: "a byte order mark", Body: swap(`{"data":{"type":"event"`, "\ufeff"+`{"data":{"type":"event"`), Want: refused},
		{Name: "UTF-16 from the small end", Body: encoded("LE"), Want: refused},
		{Name: "UTF-16 from the big end", Body: encoded("BE"), Want: refused},
		{Name: "what looks compressed", Body: text("\x1f\x8b\x08\x00\x00"), Headers: http.Header{"Content-Encoding": {"gzip"}}, Want: refused},
		{Name: "a body that is not compressed though it says so", Body: swap(), Headers: http.Header{"Content-Encoding": {"gzip"}}, Want: applied},
		{Name: "a form", Body: text("data=evt_ID&name=inquiry.created"), Want: refused},
		{Name: "a page of HTML", Body: text("<html><body>evt_ID</body></html>"), Want: refused},
		{Name: "YAML", Body: text("data:\n  type: event\n  id: evt_ID\n"), Want: refused},
		{Name: "headers that lie about the attempt", Body: swap(), Headers: http.Header{"Persona-Webhook-Attempts-Made": {"-1"}, "X-Request-Id": {strings.Repeat("x", 4000)}}, Want: applied},
		{Name: "headers that are not UTF-8", Body: swap(), Headers: http.Header{"User-Agent": {"caf\xe9"}, "X-Request-Id": {"\xff\xfe"}}, Want: applied},
		{Name: "an address that is forwarded by nobody", Body: swap(), Headers: http.Header{"X-Forwarded-For": {strings.Repeat("10.0.0.1, ", 500) + "<nobody>"}}, Want: applied},
		{Name: "a method in a header", Body: swap(), Headers: http.Header{"X-Http-Method-Override": {"DELETE"}, "Content-MD5": {strconv.Itoa(0)}}, Want: applied},
	}
}
