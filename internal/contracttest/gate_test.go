package contracttest

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/openapi"
	"github.com/idemhq/idem/sandbox"
)

const (
	newest    = "2025-12-08" // the version whose answers are mutated
	unwritten = "2026-09-29" // a later version without a document

	required = "CONFORMANCE" // an environment variable: if set, missing documents are an error
	seed     = 1             // of the mutations
	enough   = 95            // minimum percentage of mutants to be detected
)

// steps returns all steps.
func steps() []step {
	return slices.Concat(subscription(), accountSteps(), inquirySteps(), evidenceSteps(), submissionSteps(), caseSteps(), reportSteps(),
		transactionSteps(), listSteps(), runSteps(), webhookSteps(), templateSteps(), connectSteps(), tokenSteps(), keySteps(), fillSteps())
}

func TestTheSandboxConforms(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes many seconds")
	}
	dir, err := openapi.Dir()
	if err != nil && os.Getenv(required) != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("there is nothing to hold the sandbox to: ", err)
	}
	w := walk{runs: runs(t, dir)}
	w.play(t)
	if t.Failed() {
		return // the rest would only repeat it
	}
	var table figures
	w.coverage(t, &table)
	w.filled(t, &table)
	w.precision(t, &table)
	w.casings(t, &table)
	w.events(&table)
	for _, e := range conformance.Exceptions() {
		table.add("may be left out", "%s%s: %s", e.Resource, e.Place, e.Why)
	}
	w.mutants(t, &table)
	table.print()
}

// casings returns the casings of keys.
func casings() []string { return []string{"kebab", "snake", "camel"} }

// runs returns a run for every version in every casing.
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

// walk contains all runs with their recordings.
type walk struct {
	runs []run
	seen []recording
}

// play executes the steps in every run.
func (w *walk) play(t *testing.T) {
	w.seen = make([]recording, len(w.runs))
	t.Run("in", func(t *testing.T) {
		for i, r := range w.runs {
			t.Run(r.String(), func(t *testing.T) {
				t.Parallel()
				w.seen[i] = play(t, r, steps())
			})
		}
	})
}

// in returns the index of a run.
func (w *walk) in(version, casing string) int {
	return slices.IndexFunc(w.runs, func(r run) bool { return r.version == version && r.casing == casing })
}

// coverage requires that every run covered what its document declares.
func (w *walk) coverage(t *testing.T, table *figures) {
	t.Helper()
	operations, statuses, answers := 0, 0, 0
	skipped, missed := map[string]bool{}, map[string]bool{} // operations, and statuses of them
	for i, r := range w.runs {
		operations, statuses = 0, 0 // equal in every version
		hits := w.seen[i].hits(r.document)
		for op := range r.document.Operations() {
			operations++
			if len(hits[op]) == 0 {
				skipped[op.ID] = true
			}
			for _, status := range r.document.Statuses(op.Method, op.Path) {
				statuses++
				if !slices.Contains(hits[op], status) {
					missed[fmt.Sprint(op.ID, status)] = true
					t.Errorf("%s: no step hits %s with %d", r, op, status)
				}
			}
		}
		answers += len(w.seen[i].answers)
	}
	table.add("operations", "%d of %d, in every run", operations-len(skipped), operations)
	table.add("2xx statuses", "%d of %d that are declared, in every run", statuses-len(missed), statuses)
	table.add("answers", "%d", answers)
}

// casings requires that the recordings of a version are equal in all casings.
func (w *walk) casings(t *testing.T, table *figures) {
	t.Helper()
	for i, r := range w.runs {
		if r.casing == "kebab" {
			continue
		}
		if found := difference(t, r, w.seen[i], w.seen[w.in(r.version, "kebab")]); found != "" {
			t.Errorf("%s differs from kebab case: %s", r, found)
		}
	}
	table.add("runs", "%d: %d versions in each of %d casings, whose answers and webhooks are the same", len(w.runs), len(w.runs)/len(casings()), len(casings()))
}

// events counts the webhooks.
func (w *walk) events(table *figures) {
	webhooks := 0
	for _, seen := range w.seen {
		webhooks += len(seen.plain) + len(seen.full)
	}
	here := w.in(newest, "kebab")
	doc := w.runs[here].document
	emitted, _ := sandbox.EventCoverage()
	table.add("webhooks", "%d, of %d events", webhooks, len(w.seen[here].documented(doc)))
	table.add("events", "%d of %d documented are emitted: see TestEveryDocumentedEventIsEmitted", len(emitted), len(doc.Events()))
}

// mutants requires that mutations are detected.
func (w *walk) mutants(t *testing.T, table *figures) {
	t.Helper()
	here := w.in(newest, "kebab")
	for _, sample := range []struct {
		what string
		of   []exchange
	}{{"broken answers", w.seen[here].answers}, {"broken webhooks", w.seen[here].plain}} {
		found, missed := hunt(t, w.runs[here].document, sample.of, seed)
		for _, kind := range conformance.Mutations() {
			table.add(sample.what, "%s: %.1f %% of %d caught", kind, found[kind].share(), found[kind].made)
			if found[kind].share() < enough {
				t.Errorf("%s, %s: only %.1f %% of %d are caught; not %v", sample.what, kind, found[kind].share(), found[kind].made, missed)
			}
		}
	}
}
