package sandbox_test

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

func TestASeedHoldsInquiriesReportsAndCases(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = exampleSeed(t)
	server := start(t, options)
	_, _, doc := server.do("GET", "/api/v1/inquiries/inq_AcmeOwner?include=sessions,reports,verifications", "")
	inquiry := doc["data"].(map[string]any)
	holds(t, inquiry, map[string]any{"status": "needs_review", "reference-id": "acme-owner"})
	if at(inquiry, "attributes", "tags", 0) != "VIP" || at(inquiry, "attributes", "behaviors", "behavior-threat-level") != "medium" || at(inquiry, "attributes", "completed-at") == nil {
		t.Errorf("the inquiry is %v", inquiry)
	}
	seen := map[any]bool{}
	for _, included := range doc["included"].([]any) {
		included := included.(map[string]any)
		seen[included["type"]] = true
		switch included["type"] {
		case "inquiry-session":
			holds(t, included, map[string]any{"status": "new", "threat-level": "high", "is-vpn": true})
		case "report/watchlist":
			holds(t, included, map[string]any{"status": "ready", "has-match": true})
		case "verification/government-id":
			holds(t, included, map[string]any{"status": "failed", "name-first": "ADA", "name-last": "SAMPLE", "birthdate": "1990-12-10"})
		case "verification/selfie":
			holds(t, included, map[string]any{"status": "passed"})
		}
	}
	if len(seen) != 4 {
		t.Errorf("the inquiry names %v", seen)
	}
	holds(t, map[string]any{"attributes": checkOf(t, server, "ver_AcmeOwnerId", "id_expired_detection")}, map[string]any{"status": "failed", "requirement": "required"})
	holds(t, map[string]any{"attributes": checkOf(t, server, "ver_AcmeOwnerId", "id_age_comparison")}, map[string]any{"status": "passed", "requirement": "required"})
	_, _, doc = server.do("GET", "/api/v1/cases/case_AcmeOwner", "")
	holds(t, doc["data"].(map[string]any), map[string]any{"status": "Waiting on Documents"})
	if at(doc, "data", "relationships", "reports", "data", 0, "id") != "rep_AcmeOwner" || at(doc, "data", "relationships", "verifications", "data", 0, "id") != "ver_AcmeOwnerId" {
		t.Errorf("the case is %v", doc)
	}
	if got := events(t, server.client()); len(got) != 0 {
		t.Errorf("events of what was there from the beginning: %v", got)
	}
}

func TestASeedThatCannotBeIsAnErrorWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ seed, want string }{
		"a status":                {"inquiries: [{status: aproved}]", `"approved"`},
		"a template":              {"inquiries: [{template: itmpl_None}]", "seed.yaml:2"},
		"verifications too early": {"inquiries: [{verifications: [{type: selfie}]}]", "not created any more"},
		"a type":                  {"inquiries: [{status: pending, verifications: [{type: selfi}]}]", `"selfie"`},
		"a check":                 {"inquiries: [{status: pending, verifications: [{type: selfie, outcome: failed, checks: [{name: selfie_liveness_detecton}]}]}]", `"selfie_liveness_detection"`},
		"a key of a check":        {"inquiries: [{status: pending, verifications: [{type: selfie, checks: [{nam: x}]}]}]", "seed.yaml:2"},
		"extracted":               {"inquiries: [{status: pending, verifications: [{type: database, extracted: {name-frst: x}}]}]", `"name-first"`},
		"a field":                 {"inquiries: [{fields: {shoe-size: 3}}]", "seed.yaml:2"},
		"signals":                 {"inquiries: [{sessions: [{signals: {is-vpm: true}}]}]", `"is-vpn"`},
		"behavior":                {"inquiries: [{signals: {bot-scor: 1}}]", `"bot-score"`},
		"an id":                   {"inquiries: [{id: inq_A}, {id: inq_A}]", "two things"},
		"a report":                {"reports: [{type: watchlst}]", `"watchlist"`},
		"a query":                 {"reports: [{type: watchlist, query: {}}]", "seed.yaml:2"},
		"a report's inquiry":      {"reports: [{type: watchlist, inquiry: inq_None, query: {term: x}}]", "no inquiry"},
		"a report's signals":      {"reports: [{type: watchlist, query: {term: x}, signals: {has-mtch: true}}]", `"has-match"`},
		"a case's status":         {"cases: [{status: Opn}]", "seed.yaml:2"},
		"a case's object":         {"cases: [{objects: [inq_None]}]", "seed.yaml:2"},
	} {
		seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader("sandbox:\n  "+test.seed+"\n"))
		if err == nil {
			var sb *sandbox.Sandbox
			if sb, err = sandbox.New(sandbox.Options{Seed: seed}); err == nil {
				sb.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %s", name, err, test.want)
		}
	}
}
