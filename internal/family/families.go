package family

import (
	"context"
	"encoding/json"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// Find returns the family of an object. No objects are kept of an unknown family.
func Find(ref domain.Ref) (f Family, known bool) {
	switch ref.Family() {
	case "inquiry":
		return Family{
			Name: "inquiry", RedactedForGood: true,
			// If an approval and a decline have the same time, the decline counts.
			Statuses: []string{"created", "pending", "expired", "failed", "completed", "needs_review", "approved", "declined"},
			thin: func(o domain.Object) bool {
				return lacksAny(o, "reference-id", "created-at") || o.Relationships["account"] == nil || o.Relationships["verifications"] == nil
			},
			needs: inquiryNeeds,
			read: func(ctx context.Context, c *persona.Client, id string, opts []persona.Option) (json.Marshaler, []persona.Object, error) {
				inquiry, err := c.Inquiries.Get(ctx, id, opts...)
				if err != nil {
					return nil, nil, err
				}
				return inquiry, inquiry.Included, nil
			},
		}, true
	case "inquiry-session":
		return Family{
			Name: "inquiry-session", Statuses: []string{"new", "active", "expired"},
			read: withoutIncludes(func(c *persona.Client) getter[*persona.InquirySession] { return c.InquirySessions.Get }),
		}, true
	case "case":
		return Family{
			Name: "case", RedactedForGood: true, // its statuses are those of its template
			thin: func(o domain.Object) bool {
				return lacksAny(o, "created-at") || o.Relationships["inquiries"] == nil
			},
			needs: caseNeeds,
			read:  withoutIncludes(func(c *persona.Client) getter[*persona.Case] { return c.Cases.Get }),
		}, true
	case "account":
		return Family{
			Name: "account", // accounts can change after a redaction
			read: withoutIncludes(func(c *persona.Client) getter[*persona.Account] { return c.Accounts.Get }),
		}, true
	case "verification":
		return Family{
			Name: "verification", RedactedForGood: true,
			Statuses: []string{"initiated", "confirmed", "submitted", "requires_retry", "tentatively_failed", "tentatively_passed", "skipped", "canceled", "failed", "passed"},
			thin:     func(o domain.Object) bool { return lacksAny(o) },
			needs:    verificationNeeds,
			read:     withoutIncludes(func(c *persona.Client) getter[*persona.Verification] { return c.Verifications.Get }),
		}, true
	case "report":
		return Family{
			Name: "report", Statuses: []string{"pending", "errored", "ready"},
			thin:  func(o domain.Object) bool { return lacksAny(o) },
			needs: reportNeeds,
			read:  withoutIncludes(func(c *persona.Client) getter[*persona.Report] { return c.Reports.Get }),
		}, true
	case "transaction":
		return Family{
			Name: "transaction",
			read: withoutIncludes(func(c *persona.Client) getter[*persona.Transaction] { return c.Transactions.Get }),
		}, true
	case "document":
		return Family{
			Name: "document", Statuses: []string{"initiated", "submitted", "errored", "processed"},
			read: withoutIncludes(func(c *persona.Client) getter[*persona.Document] { return c.Documents.Get }),
		}, true
	case "selfie":
		return Family{Name: "selfie", Statuses: []string{"initiated", "submitted", "errored", "processed"}}, true // Persona has no operation that reads a selfie
	default:
		return Family{}, false
	}
}

// getter is an operation of the SDK that reads a resource.
type getter[R json.Marshaler] func(ctx context.Context, id string, opts ...persona.Option) (R, error)

// withoutIncludes turns an operation without included resources into a family's read function.
func withoutIncludes[R json.Marshaler](call func(*persona.Client) getter[R]) func(context.Context, *persona.Client, string, []persona.Option) (json.Marshaler, []persona.Object, error) {
	return func(ctx context.Context, c *persona.Client, id string, _ []persona.Option) (json.Marshaler, []persona.Object, error) {
		resource, err := call(c)(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		return resource, nil, nil
	}
}

// lacksAny reports whether an object lacks its status or one of some attributes.
func lacksAny(o domain.Object, attributes ...string) bool {
	for _, name := range attributes {
		if o.Attributes[name] == nil {
			return true
		}
	}
	return o.Status == ""
}
