package family

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// Family is a family of resources, such as verification for verification/government-id.
type Family struct {
	Name string

	// Statuses are the family's statuses in the order in which an object passes through
	// them. If two snapshots have the same time, the later status counts. Nil means that
	// templates define the statuses.
	Statuses []string

	// RedactedForGood means that a redacted object never changes again. A later event shows
	// it as it was before.
	RedactedForGood bool

	thin  func(domain.Object) bool
	needs func(domain.Object) []need
	read  func(ctx context.Context, c *persona.Client, id string, opts []persona.Option) (resource json.Marshaler, included []persona.Object, err error)
}

// Thin reports whether an object lacks what rules and verdicts need, such as its status or
// reference id, because the webhook's blocklist removed it. The object must then be read.
func Thin(o domain.Object) bool {
	f, _ := Find(o.Ref)
	return f.thin != nil && f.thin(o)
}

// Withheld lists what decisions need and an object lacks, although it was read: the API
// key's blocklist withholds attributes, or the object is redacted. The list contains the
// object's id and the names of attributes, never values.
func Withheld(o domain.Object) []string {
	if !o.RedactedAt.IsZero() {
		return []string{o.Ref.String() + ": redacted"}
	}
	f, _ := Find(o.Ref)
	if f.needs == nil {
		return nil
	}
	var lacks []string
	for _, need := range f.needs(o) {
		if !need.met {
			lacks = append(lacks, o.Ref.String()+": "+need.name)
		}
	}
	return lacks
}

// Readable reports whether Persona has an operation that reads the object. Ids that would
// change the path, "." and "..", are not readable.
func Readable(ref domain.Ref) bool {
	f, _ := Find(ref)
	return f.read != nil && ref.ID != "" && ref.ID != "." && ref.ID != ".."
}

// Read reads a readable object and the resources that an inquiry includes. Errors are those
// of the client.
func Read(ctx context.Context, c *persona.Client, ref domain.Ref, opts ...persona.Option) (resource json.Marshaler, included []persona.Object, err error) {
	f, _ := Find(ref)
	return f.read(ctx, c, ref.ID, opts)
}

// Related returns the objects that a relationship names. Objects of an unexpected family
// are left out.
func Related(o domain.Object, name string) []domain.Ref {
	return slices.DeleteFunc(slices.Clone(o.Relationships[name]), func(r domain.Ref) bool { return r.Family() != targetFamily(name) || r.ID == "" })
}

// targetFamily returns the family of a relationship's objects.
func targetFamily(name string) string {
	return map[string]string{
		"account": "account", "verifications": "verification", "reports": "report", "sessions": "inquiry-session", "inquiries": "inquiry",
	}[name]
}
