package faulttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// withFlow returns the setting of a configuration with a flow.
func withFlow(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "idem.yaml")
	text := "environments: {sandbox: {flows: {kyc: {inquiry_template: " + sandbox.InquiryTemplateID + ", attempts: 1}}}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "IDEM_CONFIG=" + path
}

// TestAHundredCallsMakeOneInquiry verifies people with a hundred concurrent calls each, on
// three nodes of PostgreSQL and one of SQLite. Answers of Persona are lost, and nodes are
// killed before and after Persona creates an inquiry or a link.
func TestAHundredCallsMakeOneInquiry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db, withFlow(t))
		nodes := []*program{w.program}
		if db.shared {
			nodes = append(nodes, w.join(), w.join())
		}
		for _, operation := range []string{"Inquiries.Create", "Inquiries.GenerateOneTimeLink", "Inquiries.Get", "Inquiries.List"} {
			for _, kind := range []string{"lost_answer", "rate_limited,delay=1s", "status_after,status=503", "status_before,status=502"} {
				w.inject(fmt.Sprintf("kind=%s,operation=%s,rate=0.1", kind, operation))
			}
		}
		points := []killPoint{beforeEffect, afterEffect, afterLink}
		for n := range 2 * len(points) {
			victims := nodes
			if n%2 == 1 {
				victims = nodes[n/2%len(nodes):][:1]
			}
			w.verifyDuring(nodes, fmt.Sprintf("caller-%d", n), points[n%len(points)], victims)
		}
		if w.happened()["lost_answer"] == 0 {
			t.Error("no answer was lost")
		}
		w.sandbox.ClearFaults()
		w.stopNodes()
		w.settle()
		w.audit()
	})
}

// verifyDuring makes a hundred calls for a person at once, kills nodes when Persona's wire
// passes a point, and starts them again. All calls must come to the same inquiry.
func (w *world) verifyDuring(nodes []*program, person string, at killPoint, victims []*program) {
	w.t.Helper()
	killed := make(chan struct{})
	w.wire.set(at, sync.OnceFunc(func() {
		for _, node := range victims {
			node.kill()
		}
		close(killed)
	}))
	w.kills += len(victims)
	const calls = 100
	answers := make([]string, calls)
	var running sync.WaitGroup
	for i := range calls {
		running.Go(func() { answers[i] = w.verifyUntilAnswered(nodes, person, i) })
	}
	select {
	case <-killed:
	case <-time.After(time.Minute):
		w.t.Errorf("%s: the kill point was not passed", person)
	}
	for _, node := range victims {
		node.start()
		node.awaitReady()
	}
	running.Wait()
	made := map[string]bool{}
	for inquiry, err := range w.client.Inquiries.List(w.t.Context(), persona.InquiryListParams{ReferenceID: person}, persona.WithMaxRetries(20)) {
		if err != nil {
			w.t.Fatal(err)
		}
		made[inquiry.ID] = true
	}
	for _, inquiry := range answers {
		if !made[inquiry] {
			w.t.Errorf("%s: an answer names the inquiry %q", person, inquiry)
		}
	}
	if len(made) != 1 {
		w.t.Errorf("%s has %d inquiries", person, len(made))
	}
}

// verifyUntilAnswered calls one node after another until one answers, and returns the id of
// the inquiry.
func (w *world) verifyUntilAnswered(nodes []*program, person string, first int) (inquiry string) {
	last := "no node listened"
	for deadline, n := time.Now().Add(3*time.Minute), first; time.Now().Before(deadline); n++ {
		if address := nodes[n%len(nodes)].listens(); address != "" {
			var answered bool
			if inquiry, last, answered = w.verifyAt(address, person); answered {
				return inquiry
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Errorf("%s was not answered: %s", person, last)
	return ""
}

// verifyAt makes one call. It is not answered if the service says to try again, or nothing.
func (w *world) verifyAt(address, person string) (inquiry, said string, answered bool) {
	body := fmt.Appendf(nil, `{"reference":%q,"flow":"kyc"}`, person)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+address+"/v1/sandbox/verifications", bytes.NewReader(body))
	if err != nil {
		w.t.Error(err)
		return "", "", true
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err.Error(), false
	}
	defer res.Body.Close()
	var answer struct {
		Action, Link, Detail string
		Inquiry              struct{ ID string }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err.Error(), false
	}
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		return "", answer.Detail, false
	case res.StatusCode != http.StatusOK || answer.Link == "":
		w.t.Errorf("%s: answered %d: %+v", person, res.StatusCode, answer)
	}
	return answer.Inquiry.ID, answer.Action, true
}
