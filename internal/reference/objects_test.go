package reference

import (
	"encoding/json"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// object converts a thing to a stored object.
func (t *thing) object() domain.Object {
	o := domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: t.typ, ID: t.id}, Status: t.status(), ReferenceID: t.text("reference-id"),
		Attributes: map[string]json.RawMessage{}, Relationships: t.relationships(),
	}
	for key, value := range t.attributes {
		o.Attributes[key] = encode(value)
	}
	if at, ok := t.moment("redacted-at"); ok {
		o.RedactedAt = at
	}
	return o
}

// stored converts a thing to an object whose events are known. Reads do not show what a case
// was about before.
func (t *thing) stored() domain.Object {
	o := t.object()
	if t.judgedStatus == "" {
		return o
	}
	o.Coverage = domain.Coverage{Status: t.judgedStatus, At: epoch, EventID: "evt_1"}
	for _, id := range t.judged {
		o.Coverage.About = append(o.Coverage.About, domain.Ref{Type: map[bool]string{true: "inquiry", false: "account"}[t.is(id)], ID: id})
	}
	return o
}

func stored(things []*thing) []domain.Object {
	var found []domain.Object
	for _, t := range things {
		found = append(found, t.stored())
	}
	return found
}

// relationships returns a thing's relationships by Persona's names.
func (t *thing) relationships() map[string][]domain.Ref {
	r := map[string][]domain.Ref{}
	refs := func(name, typ string, ids ...string) {
		r[name] = []domain.Ref{}
		for _, id := range ids {
			if id != "" {
				r[name] = append(r[name], domain.Ref{Type: typ, ID: id})
			}
		}
	}
	switch (domain.Ref{Type: t.typ}).Family() {
	case "inquiry":
		refs("account", "account", t.accounts...)
		for _, name := range []string{"verifications", "reports", "sessions", "reviewer"} {
			refs(name, name)
		}
		if t.reviewer != "" {
			refs("reviewer", t.reviewer, t.reviewer+"_1")
		}
	case "case":
		refs("inquiries", "inquiry", t.inquiries...)
		refs("accounts", "account", t.accounts...)
	case "verification":
		refs("verification-template", "verification-template/"+t.kind(), t.template)
	}
	return r
}

func objects(things []*thing) []domain.Object {
	var found []domain.Object
	for _, t := range things {
		found = append(found, t.object())
	}
	return found
}

// real converts facts to the real policy's form.
func (f *facts) real() policy.Facts {
	real := policy.Facts{
		Environment: f.environment,
		Transition:  domain.Transition{Object: f.object, From: f.from, To: f.to, Event: f.event, EventID: "evt_1", At: epoch},
		Inquiries:   objects(f.inquiries), Cases: objects(f.cases), Verifications: objects(f.attempts),
		Reports: objects(f.reports), AccountReports: objects(f.accountReports), Sessions: objects(f.sessions),
		DeclinedBefore: f.declinedBefore, Missing: slices.Clone(f.missing),
	}
	for from, to := range map[*thing]**domain.Object{f.inquiry: &real.Inquiry, f.account: &real.Account} {
		if from != nil {
			o := from.object()
			*to = &o
		}
	}
	return real
}

func encode(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // only JSON values are drawn
	}
	return encoded
}
