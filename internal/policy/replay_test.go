package policy

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

// A decision is stored with its facts. Deciding on them again must give the same outcome.
func TestStoredFactsGiveTheSameOutcome(t *testing.T) {
	_, builtIn := Default()
	policies := []*Policy{load(t, string(builtIn)), load(t, ordered(tagFirst, link, strict, broken, ofCases, reviewRest))}
	for _, when := range []string{
		`reports.all(r, r.has_match == false)`, `inquiry.fields["age"] > 18`, `latest("selfie").created_at > inquiry.created_at`, `declined_before`,
		`sessions.exists(s, s.is_vpn) || account_reports.exists(r, r.has_match)`, `inquiries.all(i, i.status == "completed")`, `account.reference_id == "user-7"`,
	} {
		policies = append(policies, load(t, ruleWith(when, "approve_inquiry, set_case_status: Approved, tag_account: x")))
	}
	rapid.Check(t, func(t *rapid.T) {
		before := drawFacts(t)
		encoded, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var after Facts
		if err := json.Unmarshal(encoded, &after); err != nil {
			t.Fatal(err)
		}
		for _, p := range policies {
			first, again := p.Decide(before), p.Decide(after)
			if !reflect.DeepEqual(first, again) {
				t.Fatalf("policy %q: %v, but from the stored facts %v", p.Rules(), first, again)
			}
			if len(before.Missing) > 0 || before.DeclinedBefore {
				for _, a := range first.Actions {
					if a.Spec.Kind == domain.ApproveInquiry {
						t.Fatalf("policy %q approves: %v", p.Rules(), first)
					}
				}
			}
		}
	})
}

func drawFacts(t *rapid.T) Facts {
	value := rapid.SampledFrom([]json.RawMessage{
		nil, json.RawMessage(`null`), json.RawMessage(`true`), json.RawMessage(`false`), json.RawMessage(`"text <&> \u2028 é"`), json.RawMessage(` { "a" : [ 1 , null ] } `),
		json.RawMessage(`17.5`), json.RawMessage(`9007199254740993`), json.RawMessage(`"2026-03-01T12:00:00.000Z"`), json.RawMessage(`"2026-03-01T13:00:00.000+01:00"`),
		json.RawMessage(`{"age":{"type":"number","value":36},"Age":{"type":"number","value":3}}`), json.RawMessage(`{"age":{"type":"number","value":36}}`),
		json.RawMessage(`[{"name":"a","status":"failed","requirement":"required","reasons":[null,"x"]}]`), json.RawMessage(`[]`),
	})
	attribute := rapid.SampledFrom([]string{"created-at", "completed-at", "checks", "has-match", "fields", "is-vpn", "reference-id", "note", "tags"})
	drawn := func(family string, statuses ...string) domain.Object {
		o := domain.Object{
			Environment: domain.Sandbox, Ref: domain.Ref{Type: family, ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")},
			Status: rapid.SampledFrom(append(statuses, "")).Draw(t, "status"), Attributes: rapid.MapOf(attribute, value).Draw(t, "attributes"),
			AsOf: time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "as of"), 123456789),
		}
		if rapid.Bool().Draw(t, "with a template") {
			o.Relationships = map[string][]domain.Ref{"verification-template": {{Type: "verification-template/selfie", ID: rapid.SampledFrom([]string{"vtmpl_A", "vtmpl_B"}).Draw(t, "template")}}}
		}
		return o
	}
	several := func(families []string, statuses ...string) (out []domain.Object) {
		for range rapid.IntRange(0, 3).Draw(t, "count") {
			out = append(out, drawn(rapid.SampledFrom(families).Draw(t, "family"), statuses...))
		}
		return out
	}
	f := Facts{
		Environment: domain.Sandbox, Cases: several([]string{"case"}, "Open", "Fine"), Sessions: several([]string{"inquiry-session"}, "active"),
		Verifications: several([]string{"verification/selfie", "verification/document"}, "passed", "failed", "initiated"),
		Reports:       several([]string{"report/watchlist"}, "ready", "pending"), AccountReports: several([]string{"report/profile"}, "ready"),
		Inquiries: several([]string{"inquiry"}, "completed"), DeclinedBefore: rapid.Bool().Draw(t, "declined before"),
		Missing: rapid.SampledFrom([][]string{nil, {}, {"report/watchlist a: has-match"}}).Draw(t, "missing"),
	}
	f.Transition = domain.Transition{Object: inquiryRef, From: "pending", To: "completed", At: time.Unix(1, 1), Event: "inquiry.completed"}
	if len(f.Inquiries) > 0 {
		f.Inquiry = &f.Inquiries[0]
	}
	if rapid.Bool().Draw(t, "account") {
		o := drawn("account", "Default")
		f.Account = &o
	}
	return f
}
