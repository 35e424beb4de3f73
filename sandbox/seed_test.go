package sandbox_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func readSeed(t *testing.T, text string) *sandbox.Seed {
	t.Helper()
	seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(text))
	ok(t, err)
	return seed
}

// exampleSeed is the documented example.
func exampleSeed(t *testing.T) *sandbox.Seed {
	t.Helper()
	text, err := os.ReadFile("../examples/sandbox/seed.yaml")
	ok(t, err)
	return readSeed(t, string(text))
}

func TestASeededSandboxBehavesAsItsFileSays(t *testing.T) {
	t.Parallel()
	options := frozen()
	options.Seed = exampleSeed(t)
	server := start(t, options)
	client, ctx := server.client(), t.Context()
	if now := server.Now(); !now.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("it is %v", now)
	}
	if faults := server.Faults(); len(faults) != 2 || faults[0].Delay != 90*time.Second || faults[1].Times != 2 || faults[1].After != 1 {
		t.Errorf("faults: %+v", faults)
	}
	if got := events(t, client); len(got) != 0 {
		t.Errorf("events of what was there from the beginning: %v", got)
	}
	status, header, _ := server.do("POST", "/api/v1/cases", `{"data":{"attributes":{"case-template-id":"ctmpl_AcmeOnboarding"}}}`)
	if status != 201 || header.Get("RateLimit-Limit") != "600" || header.Get("Quota-Limit") != "60" {
		t.Errorf("a case: %d %v", status, header)
	}

	t.Run("an inquiry has its template's fields and verifications", func(t *testing.T) {
		inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{
			InquiryTemplateVersionID: persona.Set("itmplv_AcmeBusinessOwner"), Fields: persona.Set(map[string]any{"company_name": "Acme"}),
		})
		ok(t, err)
		if inquiry.Relationships.InquiryTemplate.Data.ID != "itmpl_AcmeBusinessOwner" {
			t.Errorf("its template is %v", inquiry.Relationships.InquiryTemplate.Data)
		}
		_, err = client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
			verification("create_passed_verification", "vtmpl_AcmePassport"),
		}})
		ok(t, err)
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry.ID, "")
		fields := at(doc, "data", "attributes", "fields").(map[string]any)
		if len(fields) != 5 || at(fields, "company-shares", "type") != "number" || at(fields, "company-name", "value") != "Acme" || at(fields, "name-first", "value") != "ALEXANDER J" {
			t.Errorf("fields: %v", fields)
		}
	})
	t.Run("a case has its template's statuses", func(t *testing.T) {
		made, err := client.Cases.Create(ctx, persona.CaseCreateParams{CaseTemplateID: "ctmpl_AcmeOnboarding"})
		ok(t, err)
		if made.Attributes.Status != "Ready for Review" {
			t.Errorf("a new case is %s", made.Attributes.Status)
		}
		if _, err := client.Cases.SetStatus(ctx, made.ID, persona.CaseSetStatusParams{Status: "Approved"}); !errors.Is(err, persona.ErrInvalid) {
			t.Errorf("a status of another template: %v", err)
		}
		resolved, err := client.Cases.SetStatus(ctx, made.ID, persona.CaseSetStatusParams{Status: "Onboarded"})
		ok(t, err)
		if resolved.Attributes.ResolvedAt.IsZero() {
			t.Error("the case is not resolved")
		}
	})
	t.Run("accounts have types, statuses and relations", func(t *testing.T) {
		holding, err := client.Accounts.Get(ctx, "act_AcmeHolding")
		ok(t, err)
		if a := holding.Attributes; a.AccountTypeName != "Business" || a.AccountStatus != "Customer" || a.ReferenceID != "acme-holding" || !slices.Equal(a.Tags, []string{"VIP"}) {
			t.Errorf("the holding: %+v", a)
		}
		_, _, doc := server.do("GET", "/api/v1/accounts/act_AcmeHolding/relations?filter[key]=children", "")
		if got := at(doc, "data", 0, "id"); got != "act_AcmeOwner" {
			t.Errorf("children: %v", doc)
		}
		for value, want := range map[string]string{"actst_AcmeCustomer": "act_AcmeHolding", sandbox.DefaultAccountStatusID: "act_AcmeOwner"} {
			_, _, doc := server.do("POST", "/api/v1/accounts/search", `{"query":{"attribute":"status","operator":"eq","value":"`+value+`"}}`)
			list := doc["data"].([]any)
			if !slices.ContainsFunc(list, func(r any) bool { return at(r, "id") == want }) || len(list) == 3 {
				t.Errorf("searching for %s finds %v", value, list)
			}
		}
		if _, err := client.Accounts.Update(ctx, "act_AcmeOwner", persona.AccountUpdateParams{AccountStatus: persona.Set("Customer")}); !errors.Is(err, persona.ErrInvalid) {
			t.Errorf("a status of another type: %v", err)
		}
	})
	t.Run("a key has its permissions and its casing", func(t *testing.T) {
		const key = "Bearer persona_sandbox_acme-read-only"
		if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Authorization", key); status != http.StatusForbidden {
			t.Errorf("writing: %d", status)
		}
		_, _, doc := server.do("GET", "/api/v1/accounts/act_AcmeOwner", "", "Authorization", key, "X-Unchecked", "the document is in kebab-case")
		if at(doc, "data", "attributes", "reference_id") != "acme-owner" {
			t.Errorf("reading: %v", doc)
		}
		if status, _, _ := server.do("GET", "/api/v1/accounts", "", "Authorization", "Bearer persona_production_acme-service"); status != http.StatusOK {
			t.Errorf("the production's key: %d", status)
		}
	})
	t.Run("a webhook has its secret", func(t *testing.T) {
		hook, err := client.Webhooks.Get(ctx, "wbh_AcmeDecisions")
		ok(t, err)
		if hook.Attributes.Secret != "wbhsec_5eed0000-0000-4000-8000-000000000001" || hook.Attributes.Status != "disabled" || len(hook.Attributes.EnabledEvents) != 3 {
			t.Errorf("the webhook: %+v", hook.Attributes)
		}
	})
}

// at follows keys and indexes into decoded JSON. It returns nil if one does not exist.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func TestASeededWebhookIsSent(t *testing.T) {
	t.Parallel()
	to := newReceiver(t)
	server := start(t, sandbox.Options{Seed: readSeed(t, `
sandbox:
  webhooks:
    - {url: "`+to.url+`", events: ["*"]}
`)})
	newInquiry(t, server.client(), "")
	to.wait(t, 2)
}

func TestAResetSandboxHasItsSeedAgain(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Seed: exampleSeed(t)})
	if _, err := server.client().Accounts.Redact(t.Context(), "act_AcmeOwner"); err != nil {
		t.Fatal(err)
	}
	server.ClearFaults()
	before := server.Faults()
	server.Reset()
	account, err := server.client().Accounts.Get(t.Context(), "act_AcmeOwner")
	ok(t, err)
	if faults := server.Faults(); len(before) != 0 || account.Attributes.ReferenceID != "acme-owner" || len(faults) != 2 || faults[0].ID != 1 {
		t.Errorf("after a reset: %+v, faults %+v", account.Attributes, faults)
	}
}

func TestOptionsCountMoreThanTheSeed(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	options := frozen()
	options.Seed, options.RateLimit, options.Clock = exampleSeed(t), 5, at
	server := start(t, options)
	if _, header, _ := server.do("GET", "/api/v1/events", ""); header.Get("RateLimit-Limit") != "5" || !server.Now().Equal(at) {
		t.Errorf("limit %q at %v", header.Get("RateLimit-Limit"), server.Now())
	}
}

func TestASeedThatIsWrongIsRefusedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ seed, problem string }{
		"not YAML":                         {"a: [", "seed.yaml:1:"},
		"an unknown key":                   {"rate_limit: 5\ncolour: red\n", `seed.yaml:2:1: unknown field "colour"`},
		"an unknown key deep inside":       {"sandbox:\n  accounts:\n    - {id: act_A, refrence_id: a}\n", `seed.yaml:3:19: unknown field "refrence_id"`},
		"a value of another type":          {"rate_limit: often\n", "seed.yaml:1:13: "},
		"a date that is none":              {"clock: tomorrow\n", "seed.yaml:1:8: "},
		"two documents":                    {"rate_limit: 5\n---\nrate_limit: 6\n", "several documents"},
		"a limit below zero":               {"rate_limit: -1\n", "seed.yaml:1:13: rate_limit must be"},
		"a quota of something else":        {"quotas:\n  selfie: 3\n", "seed.yaml:2:11: there is no quota of selfie"},
		"a quota of nothing":               {"quotas: {case: 0}\n", "above zero"},
		"a fault that cannot happen":       {"faults:\n  - kind: flood\n", "seed.yaml:2:9: kind must be one of"},
		"a template without a name":        {"inquiry_templates:\n  - id: itmpl_A\n", "name is missing"},
		"an id of something else":          {"inquiry_templates:\n  - name: A\n    id: ctmpl_A\n", "seed.yaml:3:9: id must be itmpl_"},
		"an id of the fixtures":            {"case_templates:\n  - name: A\n    open: [Open]\n    id: " + sandbox.CaseTemplateID + "\n", "seed.yaml:4:9: there are two things"},
		"an id that comes twice":           {"case_templates:\n  - {name: A, open: [Open], id: ctmpl_A}\n  - {name: B, open: [Open], id: ctmpl_A}\n", "seed.yaml:3:33: there are two things"},
		"a verification that comes twice":  {"inquiry_templates:\n  - name: A\n    verifications: [{id: vtmpl_A, type: selfie}, {id: vtmpl_A, type: selfie}]\n", "seed.yaml:3:55: there are two things"},
		"an unknown verification":          {"inquiry_templates:\n  - name: A\n    verifications: [{type: passport}]\n", "type must be government-id"},
		"a case template without a status": {"case_templates:\n  - name: A\n", "open must name"},
		"a status that comes twice":        {"case_templates:\n  - {name: A, open: [Open], resolved: [Open]}\n", `two statuses "Open"`},
		"an account type without a status": {"account_types:\n  - name: A\n", "statuses must name"},
		"a key of the other environment":   {"production:\n  keys:\n    - value: persona_sandbox_1\n", "seed.yaml:3:14: value must start with persona_production_"},
		"a key that there is":              {"sandbox:\n  keys:\n    - value: " + sandbox.SandboxKey + "\n", "two keys with this value"},
		"an unknown permission":            {"sandbox:\n  keys:\n    - permissions: [inquiry.reed]\n", "seed.yaml:3:21: there is no such permission"},
		"an unknown version":               {"sandbox:\n  keys:\n    - version: \"2024-01-01\"\n", "api_version is not a version"},
		"a webhook without events":         {"sandbox:\n  webhooks:\n    - url: http://127.0.0.1/\n", "events must name"},
		"an unknown event":                 {"sandbox:\n  webhooks:\n    - {url: \"http://127.0.0.1/\", events: [inquiry.invented]}\n", "there is no such event"},
		"a webhook without an address":     {"sandbox:\n  webhooks:\n    - events: [\"*\"]\n", "seed.yaml:3:"},
		"an account of an unknown type":    {"sandbox:\n  accounts:\n    - type: acttp_Unknown\n", "account_type_id is not found"},
		"a reference id that comes twice":  {"sandbox:\n  accounts:\n    - reference_id: a\n    - reference_id: A\n", "seed.yaml:4:"},
		"a relation to nobody":             {"sandbox:\n  accounts:\n    - relations: {parent: [act_Nobody]}\n", "target_object_id is not found"},
		"an unknown relation":              {"sandbox:\n  accounts:\n    - id: act_A\n    - relations: {cousin: [act_A]}\n", "no such relation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(test.seed))
			if err == nil {
				var sb *sandbox.Sandbox
				if sb, err = sandbox.New(sandbox.Options{Seed: seed}); err == nil {
					sb.Close()
				}
			}
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("refused with %v", err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "seed.yaml:") {
				t.Errorf("the problem has no place: %v", err)
			}
		})
	}
}

func TestValuesOfASeedStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Seed: readSeed(t, `
account_types:
  - {id: acttp_Values, name: Values, statuses: [{name: New}], fields: {birthdate: date, phone_number: string, count: integer, ratio: number, vip: boolean, nicknames: array, name.first: string}}
sandbox:
  accounts:
    - id: act_Values
      type: acttp_Values
      fields: {birthdate: 1977-07-17, phone_number: "+15550100", count: 3, ratio: 0.5, vip: true, nicknames: [Ada, Al], name: {first: Ada}}
`)})
	_, _, doc := server.do("GET", "/api/v1/accounts/act_Values", "")
	fields := at(doc, "data", "attributes", "fields")
	for name, want := range map[string]any{"birthdate": "1977-07-17", "phone_number": "+15550100", "count": 3.0, "ratio": 0.5, "vip": true} {
		if got := at(fields, name, "value"); got != want {
			t.Errorf("%s is %#v", name, got)
		}
	}
	if at(fields, "birthdate", "type") != "date" || at(fields, "name", "value", "first", "value") != "Ada" || at(fields, "nicknames", "value", 1, "value") != "Al" {
		t.Errorf("fields: %v", fields)
	}
}

func TestAnEmptySeedIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n# nothing\n"} {
		server := start(t, sandbox.Options{Seed: readSeed(t, text)})
		newInquiry(t, server.client(), "")
	}
}
