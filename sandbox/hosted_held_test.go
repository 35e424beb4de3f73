package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// begun starts the flow of an inquiry and returns its id.
func (b *browser) begun(server *server) string {
	inquiry := newInquiry(b.t, server.client(), "").ID
	b.open(server.url+"/verify?environment=sandbox&inquiry-id="+inquiry).press("begin", "").sees("Government ID")
	return inquiry
}

func TestAChosenCheckHoldsUntilTheStepHasItsResult(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"errored", "requires_retry"} {
		server := start(t, frozen())
		person := newBrowser(t)
		inquiry := person.begun(server)
		person.post(person.at.String(), url.Values{
			"do": {"submit"}, "outcome": {first}, "check": {"id_mrz_detection"}, "reason": {"unreadable"}, "metadata": {`{"line":2}`}, "extracted.name-first": {`ADA "Q"`},
		}).sees("pictures of a passport")
		for _, want := range []string{"<details open>", "<option selected>id_mrz_detection</option>", `value="unreadable"`, `value="ADA "Q""`} {
			if !strings.Contains(person.page, want) {
				t.Errorf("after %s the page lacks %s", first, want)
			}
		}
		person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"failed"}}).sees("pictures of their face")
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=verifications", "")
		included := doc["included"].([]any)
		v := included[len(included)-1].(map[string]any)
		holds(t, v, map[string]any{"status": "failed", "name-first": `ADA "Q"`})
		check := checkOf(t, server, v["id"].(string), "id_mrz_detection")
		if got := fmt.Sprint(check["status"], " ", check["reasons"], " ", check["metadata"]); got != "failed [unreadable] map[line:2]" {
			t.Errorf("after %s the check is %s", first, got)
		}
		if strings.Contains(person.page, "<details open>") {
			t.Errorf("after %s the choice holds for the next step", first)
		}
	}
}

func TestAChoiceThatIsClearedNoLongerHolds(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	person := newBrowser(t)
	inquiry := person.begun(server)
	person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"errored"}, "check": {"id_mrz_detection"}})
	person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"passed"}, "check": {""}, "reason": {""}}).sees("pictures of their face")
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=verifications", "")
	holds(t, doc["included"].([]any)[0].(map[string]any), map[string]any{"status": "passed"})
}

func TestAnImpossibleChoiceIsRefusedAlsoWhenTheUploadEndsInAnError(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	person := newBrowser(t)
	inquiry := person.begun(server)
	step := person.at.String()
	for what, form := range map[string]url.Values{
		"an unknown check":         {"check": {"id_mrz_detecton"}},
		"metadata that is no JSON": {"check": {"id_mrz_detection"}, "metadata": {"x"}},
		"a reason without a check": {"reason": {"x"}},
		"a date that is none":      {"extracted.birthdate": {"tomorrow"}},
	} {
		form.Set("do", "submit")
		form.Set("outcome", "errored")
		if person.post(step, form); person.status != http.StatusBadRequest {
			t.Errorf("%s: %d", what, person.status)
		}
	}
	person.open(step)
	person.post(step, url.Values{"do": {"submit"}, "outcome": {"errored"}, "check": {"id_mrz_detection"}})
	if person.post(step, url.Values{"do": {"submit"}, "outcome": {"passed"}}); person.status != http.StatusBadRequest {
		t.Errorf("a required check that fails holds, and the verification passes: %d", person.status)
	}
	server.id("DELETE", "/inquiries/"+inquiry, "", http.StatusOK)
	if _, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActMoveOn, ID: inquiry, Step: "start"}); err == nil {
		t.Error("a redacted inquiry goes on")
	}
}
