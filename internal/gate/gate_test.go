package gate

import (
	"os"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/openapi"
	"github.com/idemhq/idem/sandbox"
)

const (
	newest    = "2025-12-08" // the version whose answers are broken
	unwritten = "2026-09-29" // the version after it, of which there is no document

	required = "CONFORMANCE" // an environment variable: set, a gate without documents fails
	seed     = 1             // of the places where bodies are broken
	enough   = 95            // percent of the broken ones that must be caught
)

// steps are the whole walk.
func steps() []step {
	return slices.Concat(subscription(), accountSteps(), inquirySteps(), evidenceSteps(), submissionSteps(), caseSteps(), reportSteps(),
		transactionSteps(), listSteps(), runSteps(), webhookSteps(), templateSteps(), connectSteps(), tokenSteps(), keySteps())
}

func TestTheSandboxConforms(t *testing.T) {
	dir, err := openapi.Dir()
	if err != nil && os.Getenv(required) != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("there is nothing to hold the sandbox to: ", err)
	}
	all := runs(t, dir)
	seen := walk(t, all)
	if t.Failed() {
		return
	}
	var table figures
	var answers, webhooks, undocumented int
	for i, r := range all {
		c := covered(t, r, seen[i])
		if i == 0 {
			table.add("operations", "%d of %d, in every run", c.hit, c.operations)
			table.add("2xx statuses", "%d of %d declared, in every run", c.statusesHit, c.statuses)
		}
		answers, webhooks = answers+len(seen[i].answers), webhooks+len(seen[i].plain)+len(seen[i].full)
	}
	at := func(version, casing string) int {
		return slices.IndexFunc(all, func(r run) bool { return r.version == version && r.casing == casing })
	}
	for i, r := range all {
		if r.casing == "kebab" {
			continue
		}
		if found := difference(t, r, seen[i], seen[at(r.version, "kebab")]); found != "" {
			t.Errorf("%s differs from kebab case:\n%s", r, found)
		}
	}
	reference := at(newest, "kebab")
	doc := all[reference].document
	names := seen[reference].events()
	for _, name := range names {
		if !slices.Contains(doc.Events(), name) {
			undocumented++
		}
	}
	table.add("runs", "%d: %d versions in each of %d casings, whose answers and webhooks are equal", len(all), len(all)/len(casings()), len(casings()))
	table.add("answers", "%d", answers)
	emitted, _ := sandbox.EventCoverage()
	table.add("webhooks", "%d", webhooks)
	table.add("events", "%d of %d documented are emitted, %d of them here, all in TestEveryDocumentedEventIsEmitted", len(emitted), len(doc.Events()), len(names)-undocumented)
	for _, e := range conformance.Exceptions() {
		table.add("may be left out", "%s%s: %s", e.Resource, e.Place, e.Why)
	}
	for _, sample := range []struct {
		what string
		of   []exchange
	}{{"broken answers", seen[reference].answers}, {"broken webhooks", seen[reference].plain}} {
		found, missed := hunt(t, doc, sample.of, seed)
		for _, kind := range mutantKinds() {
			table.add(sample.what, "%s: %.1f %% of %d caught", kind, found[kind].share(), found[kind].made)
			if found[kind].share() < enough {
				t.Errorf("%s, %s: only %.1f %% of %d are caught; not %v", sample.what, kind, found[kind].share(), found[kind].made, missed)
			}
		}
	}
	os.Stdout.WriteString(table.String())
}

// casings are those that keys come in.
func casings() []string { return []string{"kebab", "snake", "camel"} }

// runs are every version in every casing.
func runs(t *testing.T, dir string) []run {
	t.Helper()
	versions, err := openapi.Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []run
	for _, version := range append(versions, unwritten) {
		var doc *conformance.Document
		if version == unwritten {
			doc = all[len(all)-1].document
		} else if doc, err = conformance.Load(dir, version); err != nil {
			t.Fatal(err)
		}
		for _, casing := range casings() {
			all = append(all, run{version, casing, doc})
		}
	}
	return all
}

// walk takes the steps in every run, and returns what each saw.
func walk(t *testing.T, all []run) []recording {
	seen := make([]recording, len(all))
	t.Run("in", func(t *testing.T) {
		for i, r := range all {
			t.Run(r.String(), func(t *testing.T) {
				t.Parallel()
				seen[i] = play(t, r, steps())
			})
		}
	})
	return seen
}
