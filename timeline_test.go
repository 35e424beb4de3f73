package idem_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem"
)

func TestATimelineOfSeveralPagesHasEverythingOnce(t *testing.T) {
	w, c := started(t, "")
	w.verified(t, c, "user-1")
	w.verified(t, c, "user-2")
	var s idem.Subject
	eventually(t, "the person is approved", func() bool {
		var err error
		s, err = c.Subject(t.Context(), "user-1")
		return err == nil && s.Verdict == idem.VerdictApproved
	})
	const reads = 120 // each leaves an entry
	for range reads {
		w.read(t, "objects/"+s.Object.ID)
	}
	seen, kinds, read := map[string]bool{}, map[idem.HappeningKind]int{}, 0
	for h, err := range c.Timeline(t.Context(), "user-1") {
		if err != nil {
			t.Fatal(err)
		}
		if key := string(h.Kind) + " " + h.ID; seen[key] {
			t.Errorf("%s comes twice", key)
		} else {
			seen[key] = true
		}
		if h.At.IsZero() || h.Name == "" {
			t.Errorf("there is an entry %+v", h)
		}
		if kinds[h.Kind]++; h.Name == "object.read" {
			read++
		}
	}
	for _, kind := range []idem.HappeningKind{idem.HappeningEvent, idem.HappeningTransition, idem.HappeningDecision, idem.HappeningAction, idem.HappeningNotification} {
		if kinds[kind] == 0 {
			t.Errorf("there is no %s: %v", kind, kinds)
		}
	}
	if read != reads {
		t.Errorf("it has %d reads, want %d", read, reads)
	}
	for h, err := range c.Timeline(t.Context(), "nobody") {
		t.Errorf("the timeline of nobody has %+v, error %v", h, err)
	}
	for _, err := range c.Timeline(t.Context(), "") {
		if err == nil {
			t.Error("a timeline without a reference is read")
		}
	}
}

// read reads a path of the service that the client has no method for.
func (w *world) read(t *testing.T, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/v1/sandbox/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, error %v", path, res.StatusCode, body, err)
	}
}

func TestAnIterationEndsWhenItsCallerLeavesAndAfterAnError(t *testing.T) {
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests = append(requests, r.URL.Query().Get("before")); len(requests) > 2 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"data":[{"id":"1"},{"id":"2"}],"next":"page-%d"}`, len(requests)+1)
	}))
	defer server.Close()
	c := client(t, server.URL)
	for range c.Timeline(t.Context(), "user-1") {
		break
	}
	if len(requests) != 1 {
		t.Fatalf("the requests are %q", requests)
	}
	rows, failures := 0, 0
	for _, err := range c.Timeline(t.Context(), "user-1") {
		if rows++; err != nil {
			failures++
			if strings.Contains(err.Error(), "user-1") {
				t.Errorf("the error names the person: %v", err)
			}
		}
	}
	if want := []string{"", "", "page-3"}; !slices.Equal(requests, want) || rows != 3 || failures != 1 {
		t.Errorf("the requests are %q, with %d rows and %d failures", requests, rows, failures)
	}
}

func TestAListWhosePagesRepeatHasAnEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"data":[{"id":"1"}],"next":"again"}`)
	}))
	defer server.Close()
	var last error
	rows := 0
	for _, last = range client(t, server.URL).Timeline(t.Context(), "user-1") {
		if rows++; rows > 10 {
			t.Fatal("it goes on")
		}
	}
	if last == nil || strings.Contains(last.Error(), "user-1") {
		t.Errorf("it ends with the error %v", last)
	}
}

func TestTheEvidenceNamesWhatLedToTheVerdict(t *testing.T) {
	w, c := started(t, "")
	w.verified(t, c, "user-1")
	eventually(t, "the person is approved", func() bool {
		s, err := c.Subject(t.Context(), "user-1")
		return err == nil && s.Verdict == idem.VerdictApproved
	})
	e, err := c.Evidence(t.Context(), "user-1")
	if err != nil || e.Subject.Verdict != idem.VerdictApproved || e.Reason == "" || len(e.Reasons) == 0 {
		t.Fatalf("the evidence is %+v, error %v", e, err)
	}
	d := e.Reasons[0]
	if d.Result != "decided" || d.Rule == "" || d.DecidedAt.IsZero() || d.Transition.To != "completed" || len(d.Actions) != 2 || d.Actions[0].Kind != "approve_inquiry" || len(d.Missing) != 0 {
		t.Errorf("the decision is %+v", d)
	}
	if len(d.Verifications) != 2 || d.Verifications[0].Status != "passed" || len(d.Verifications[0].Checks) == 0 {
		t.Errorf("the verifications are %+v", d.Verifications)
	}
	var decisions, actions []string
	for listed, err := range c.Decisions(t.Context(), e.Subject.Object.ID) {
		if err != nil {
			t.Fatal(err)
		}
		decisions = append(decisions, listed.ID)
	}
	for a, err := range c.Actions(t.Context(), e.Subject.Object.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if actions = append(actions, a.Kind); a.DecisionID != d.ID || a.State == "" || a.CreatedAt.IsZero() || a.Target != e.Subject.Object {
			t.Errorf("the action is %+v", a)
		}
	}
	if !slices.Contains(decisions, d.ID) || !slices.Equal(actions, []string{"approve_inquiry"}) {
		t.Errorf("the decisions are %v, the actions %v", decisions, actions)
	}
	if e, err = c.Evidence(t.Context(), "nobody"); err != nil || e.Subject.Verdict != idem.VerdictNone || len(e.Reasons) != 0 {
		t.Errorf("the evidence of nobody is %+v, error %v", e, err)
	}
}

// A subject without a verdict has no object, and the lists of everybody would be wrong.
func TestListsOfNothingAreRefused(t *testing.T) {
	c := client(t, "http://127.0.0.1:1")
	for _, err := range c.Decisions(t.Context(), "") {
		if err == nil || status(err) != 0 || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("decisions: error %v", err)
		}
	}
	for _, err := range c.Actions(t.Context(), "") {
		if err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("actions: error %v", err)
		}
	}
	for _, err := range c.Verifications(t.Context(), "") {
		if err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("verifications: error %v", err)
		}
	}
	if _, err := c.Evidence(t.Context(), ""); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("evidence: error %v", err)
	}
}
