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

	// Statuses are the statuses of the family in the order in which an object passes through
	// them; of two of one moment the later one counts. Nil where templates define them.
	Statuses []string

	// Redaction is for good: what comes after it shows the object as it was before.
	RedactedForGood bool

	thin  func(domain.Object) bool
	needs func(domain.Object) []need
	read  func(ctx context.Context, c *persona.Client, id string, opts []persona.Option) (resource json.Marshaler, included []persona.Object, err error)
}

// Thin reports whether an object lacks what rules and verdicts need, such as its status or
// whose it is, because the lists of a webhook blocked it: it has to be read.
func Thin(o domain.Object) bool {
	f, _ := Find(o.Ref)
	return f.thin != nil && f.thin(o)
}

// Withheld says what an object that was read lacks of what decisions are made on, because a
// key's blocklist withholds attributes, or because the object is redacted. It names the
// object's id and attributes, never a value.
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

// Readable reports whether Persona has a call that reads an object. An id is a part of the
// call's path: "." and ".." are none.
func Readable(ref domain.Ref) bool {
	f, _ := Find(ref)
	return f.read != nil && ref.ID != "" && ref.ID != "." && ref.ID != ".."
}

// Read reads an object that is readable, and what an inquiry includes. Its errors are those
// of the client.
func Read(ctx context.Context, c *persona.Client, ref domain.Ref, opts ...persona.Option) (resource json.Marshaler, included []persona.Object, err error) {
	f, _ := Find(ref)
	return f.read(ctx, c, ref.ID, opts)
}

// Related returns what a relationship of an object names, without what is of another family
// than such a relationship leads to.
func Related(o domain.Object, name string) []domain.Ref {
	return slices.DeleteFunc(slices.Clone(o.Relationships[name]), func(r domain.Ref) bool { return r.Family() != leadsTo(name) || r.ID == "" })
}

// leadsTo is the family that a relationship leads to.
func leadsTo(name string) string {
	return map[string]string{
		"account": "account", "verifications": "verification", "reports": "report", "sessions": "inquiry-session", "inquiries": "inquiry",
	}[name]
}
