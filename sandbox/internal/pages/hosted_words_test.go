package pages

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestEachTextExistsInEachLanguage(t *testing.T) {
	for key, phrase := range allPhrases() {
		all := reflect.ValueOf(phrase)
		for i := range all.NumField() {
			text := all.Field(i).String()
			if strings.TrimSpace(text) == "" {
				t.Errorf("%q is missing in %s", key, all.Type().Field(i).Name)
			}
			if want := strings.Count(phrase.en, "%s"); strings.Count(text, "%s") != want || strings.Count(text, "%") != want {
				t.Errorf("%q has other arguments in %s: %q", key, all.Type().Field(i).Name, text)
			}
		}
	}
	for i, name := range languages() {
		if field := reflect.TypeFor[phrase]().Field(i).Name; field != name {
			t.Errorf("language %d is %s, and the phrases have %s", i, name, field)
		}
		if got := (phrase{"en", "de", "fr", "es"}).in(name); got != name {
			t.Errorf("a phrase in %s is in %s", name, got)
		}
	}
}

// TestEachTextThatThePageSaysExists looks for the keys of texts in the sources.
func TestEachTextThatThePageSaysExists(t *testing.T) {
	said := regexp.MustCompile(`(?:say|Say|invalidConfig|newFlowError)(?:\(|\([^()]*?, "[a-z_]+", | )"([a-z][a-z _-]*)"`)
	files, err := filepath.Glob("hosted*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "hosted/hosted.html") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range said.FindAllStringSubmatch(string(source), -1) {
			found++
			key := match[1]
			if strings.HasSuffix(key, " ") { // the start of a key
				continue
			}
			if _, there := phrases()[key]; !there {
				t.Errorf("%s says %q, which there is not", file, key)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d texts were found", found)
	}
}

func TestATextThatEveryOutcomeNeedsExists(t *testing.T) {
	var keys []string
	for _, outcome := range stepOutcomes("verification/government-id") {
		if outcome != "skipped" {
			keys = append(keys, outcome, outcome+" text")
		}
	}
	for _, claim := range resources.ClaimTypes() {
		keys = append(keys, "claim "+claim)
	}
	for _, end := range []string{"completed", "failed", "needs_review"} {
		keys = append(keys, "end "+end, "end "+end+" text")
	}
	for _, key := range keys {
		if _, there := allPhrases()[key]; !there {
			t.Errorf("%q is missing", key)
		}
	}
	w := newWords("de")
	if got := w.stepTitle("palm-print"); got != "palm print" {
		t.Errorf("a step without a text is called %q", got)
	}
	if got := w.status("point_of_no_return"); got != "point of no return" {
		t.Errorf("a status without a text is called %q", got)
	}
}

func TestEachStepAndEachFieldOfAPersonHasANameInEachLanguage(t *testing.T) {
	all := allPhrases()
	names := map[string]bool{}
	for typ := range catalog.Shapes() {
		if name, ok := strings.CutPrefix(typ, "verification/"); ok && all["step "+name] == (phrase{}) {
			t.Errorf("the step %s has no name", name)
		}
	}
	for _, typ := range fixtures.VerificationTemplates() {
		for _, name := range finding.Extractable(typ) {
			names[name] = true
		}
	}
	for name := range storage.PersonFields() {
		names[name] = true
	}
	for name := range names {
		if all["field "+name] == (phrase{}) {
			t.Errorf("the field %s has no name", name)
		}
	}
	if got := newWords("de").field("acme-number"); got != "acme number" {
		t.Errorf("a field of a host's template is called %q", got)
	}
}
