package policy

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestTheLastAttemptAtEachTemplateCounts(t *testing.T) {
	completed := func(v domain.Object, day string) domain.Object {
		v.Attributes["completed-at"] = json.RawMessage(`"` + day + `"`)
		return v
	}
	named := func(v domain.Object, id string) domain.Object {
		v.Ref.ID = id
		return v
	}
	undated := func(v domain.Object) domain.Object {
		delete(v.Attributes, "created-at")
		return v
	}
	for name, test := range map[string]struct {
		attempts []domain.Object
		want     string // ids
	}{
		"the later of two":                                  {[]domain.Object{named(selfie(1, "passed"), "a"), named(selfie(2, "failed"), "b")}, "b"},
		"two templates of one type":                         {[]domain.Object{named(attempt("document", "vtmpl_A", 1, "failed"), "a"), named(attempt("document", "vtmpl_B", 2, "passed"), "b")}, "a b"},
		"one template of two types":                         {[]domain.Object{named(attempt("document", "vtmpl_A", 1, "failed"), "a"), named(attempt("selfie", "vtmpl_A", 2, "passed"), "b")}, "a b"},
		"with a template and without":                       {[]domain.Object{named(attempt("document", "", 1, "failed"), "a"), named(attempt("document", "vtmpl_B", 2, "passed"), "b")}, "a b"},
		"two without a template":                            {[]domain.Object{named(attempt("document", "", 1, "failed"), "a"), named(attempt("document", "", 2, "passed"), "b")}, "b"},
		"created at the same time, the later completed":     {[]domain.Object{named(completed(selfie(1, "failed"), day(3)), "a"), named(completed(selfie(1, "passed"), day(2)), "b")}, "a"},
		"created at the same time, the worse":               {[]domain.Object{named(selfie(1, "passed"), "z"), named(selfie(1, "failed"), "a")}, "a"},
		"created at the same time, the one still running":   {[]domain.Object{named(selfie(1, "passed"), "z"), named(selfie(1, "initiated"), "a")}, "a"},
		"created at the same time, with more failed checks": {[]domain.Object{named(selfie(1, "passed"), "z"), named(selfie(1, "passed", "id_tamper_detection"), "a")}, "a"},
		"created at the same time and equal, by id":         {[]domain.Object{named(selfie(1, "passed"), "a"), named(selfie(1, "passed"), "b")}, "b"},
		"one without a creation time, as well":              {[]domain.Object{named(undated(selfie(1, "failed")), "a"), named(selfie(2, "passed"), "b")}, "a b"},
		"times in different formats compare":                {[]domain.Object{named(completed(selfie(1, "failed"), "2026-03-03T00:30:00+01:00"), "a"), named(completed(selfie(1, "passed"), "2026-03-03T00:00:00.000Z"), "b")}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				rand.Shuffle(len(test.attempts), func(i, j int) { test.attempts[i], test.attempts[j] = test.attempts[j], test.attempts[i] })
				var ids []string
				for _, v := range counted(test.attempts) {
					ids = append(ids, v.Ref.ID)
				}
				slices.Sort(ids)
				if got := strings.Join(ids, " "); got != test.want {
					t.Fatalf("%s count, want %s", got, test.want)
				}
			}
		})
	}
}

func TestFailedChecksAreNamedOnce(t *testing.T) {
	optional := selfie(1, "passed")
	optional.Attributes["checks"] = json.RawMessage(`[{"name":"selfie_pose","status":"failed","requirement":"not_required"}]`)
	chip := attempt("government-id-nfc", "", 1, "passed")
	chip.Attributes["checks"] = json.RawMessage(`[{"name":"id_chip","status":"failed"},{"name":"id_expiry","status":"passed"}]`)
	for name, test := range map[string]struct {
		attempts        []domain.Object
		checks, reasons string
	}{
		"none":                          {[]domain.Object{selfie(1, "passed")}, "", ""},
		"of two verifications, sorted":  {[]domain.Object{selfie(1, "failed", "b", "a"), attempt("document", "", 1, "failed", "b")}, "a b", "a.blurred b.blurred"},
		"none of an earlier attempt":    {[]domain.Object{selfie(1, "failed", "a"), selfie(2, "passed")}, "", ""},
		"a failure that names no check": {[]domain.Object{attempt("selfie", "", 1, "failed")}, "verification/selfie", ""},
		"an optional check is left out": {[]domain.Object{optional}, "", ""},
		"one without a requirement":     {[]domain.Object{chip}, "id_chip", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(FailedChecks(test.attempts), " "); got != test.checks {
				t.Errorf("the checks are %q, want %q", got, test.checks)
			}
			if got := strings.Join(FailureReasons(test.attempts), " "); got != test.reasons {
				t.Errorf("the reasons are %q, want %q", got, test.reasons)
			}
		})
	}
}
