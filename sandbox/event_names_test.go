package sandbox_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// TestAVerificationOfEveryTypePassesOrIsSkipped also checks the checks of each type, and its
// attributes if nothing was submitted.
func TestAVerificationOfEveryTypePassesOrIsSkipped(t *testing.T) {
	t.Parallel()
	for _, typ := range sandbox.VerificationTypes() {
		for outcome, want := range map[string][]string{
			"passed":  {"verification.created", "verification.submitted", "verification.passed"},
			"skipped": {"verification.created", "verification.skipped"},
		} {
			t.Run(typ+" "+outcome, func(t *testing.T) {
				t.Parallel()
				names := deliver(t, "sandbox", described[len(described)-1:], func(s *scenario) []string {
					s.act(sandbox.Act{Do: "submit", ID: s.inquiry(), Type: typ, Outcome: outcome})
					return events(t, s.client)
				})
				names = slices.DeleteFunc(names, func(name string) bool { return name == "account.updated-fields" }) // of what was proved
				if !slices.Equal(names[len(names)-len(want):], want) {
					t.Errorf("events are %v", names)
				}
			})
		}
	}
}

// TestEveryDocumentedEventIsEmitted makes everything happen about which there are events. A
// webhook of each version gets all of them, signed. They must conform to the document of the
// version, and the SDK must be able to read them.
func TestEveryDocumentedEventIsEmitted(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	var seen sync.Map
	t.Run("when", func(t *testing.T) {
		all := reportScenarios()
		for name, one := range scenarios() {
			all[name] = func(s *scenario) []string {
				one.happens(s)
				return strings.Fields(one.events)
			}
		}
		t.Run("a version of a template is made and published", func(t *testing.T) {
			t.Parallel()
			for _, name := range deliver(t, "production", described, publishVersion) { // templates can be read only in production
				seen.Store(name, true)
			}
		})
		for name, happens := range all {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, name := range deliver(t, "sandbox", described, happens) {
					seen.Store(name, true)
				}
			})
		}
	})
	for _, name := range sandbox.Listed() {
		if _, emitted := seen.Load(name); !emitted {
			t.Errorf("%s is never emitted", name)
		}
	}
	emitted, missing := sandbox.EventCoverage()
	if len(emitted) != 130 || len(missing) != 0 {
		t.Errorf("%d events are emitted, and not %v", len(emitted), missing)
	}
}

// deliver makes something happen. It checks that exactly its events reach a webhook of each
// version, in order, and returns their names.
func deliver(t *testing.T, environment sandbox.Environment, versions []string, happens func(*scenario) []string) []string {
	server, to := start(t, frozen()), newReceiver(t)
	client := server.client(persona.WithAPIKey(map[string]string{"sandbox": sandbox.SandboxKey, "production": sandbox.ProductionKey}[string(environment)]))
	secrets := map[string]string{}
	for _, version := range versions {
		hook := subscribe(t, client, persona.WebhookCreateParams{
			URL: persona.Set(to.url), APIVersion: persona.Set(version), CustomHTTPHeaders: persona.Set(map[string]any{"X-Version": version}),
			IncludedAllowlist: persona.Set(persona.IncludedAllowlistInput{State: "include_all"}),
		})
		secrets[version] = hook.Attributes.Secret
	}
	want := happens(&scenario{t, environment, server, client})
	if got := events(t, client); !slices.Equal(got, want) {
		t.Errorf("events are %v, not %v", got, want)
	}
	arrived := map[string][]string{}
	for _, got := range to.wait(t, len(want)*len(versions)) {
		version := got.header.Get("X-Version")
		if err := webhook.Verify(got.body, got.header.Get(webhook.SignatureHeader), []string{secrets[version]}, webhook.WithTime(frozen().Wall())); err != nil {
			t.Errorf("%s: %v", got.event.Name, err)
		}
		if _, unknown := got.event.Object().(*persona.Unknown); unknown || got.event.Object() == nil {
			t.Errorf("%s: the SDK does not know its resource, of type %s", got.event.Name, got.event.ObjectType)
		}
		arrived[version] = append(arrived[version], string(got.event.Name))
	}
	for _, version := range slices.Sorted(maps.Keys(secrets)) {
		if !slices.Equal(arrived[version], want) {
			t.Errorf("a webhook of %s gets %v, not %v", version, arrived[version], want)
		}
	}
	return want
}

// described returns the versions that have a document.
var described = []string{"2020-05-18", "2021-05-14", "2021-07-05", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08"}
