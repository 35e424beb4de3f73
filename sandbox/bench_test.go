package sandbox_test

import (
	"net/http/httptest"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		sb, err := sandbox.New(sandbox.Options{})
		if err != nil {
			b.Fatal(err)
		}
		sb.Close()
	}
}

func BenchmarkGetAnInquiry(b *testing.B) {
	server := sandbox.NewServer(b, sandbox.Options{RateLimit: 1 << 30})
	inquiry, err := server.Client().Inquiries.Create(b.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		b.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/api/v1/inquiries/"+inquiry.ID, nil)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	for b.Loop() {
		recorded := httptest.NewRecorder()
		server.ServeHTTP(recorded, request)
		if recorded.Code != 200 {
			b.Fatal(recorded.Code)
		}
	}
}
