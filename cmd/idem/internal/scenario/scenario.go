// Package scenario runs scenarios for invented people in a sandbox environment, to test a
// program with the webhooks that follow. It uses only Persona's API, so it works at Persona
// and at the local sandbox.
package scenario

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/persona"
)

// Scenario is a series of calls that tell a story about a person.
type Scenario struct {
	Name string
	Help string
	Note string // what it cannot do; "" for nothing
	play func(context.Context, *stage) error
}

// All returns all scenarios.
func All() []Scenario {
	return []Scenario{
		{"approve", "A person passes and is approved.", "", approve},
		{"decline", "A person fails and is declined.", "", decline},
		{"fail-retry-pass", "A person fails a verification, tries again and passes.", "", failRetryPass},
		{"review-approve", "A person passes, is marked for review, and is approved.", "", reviewApprove},
		{"expire-resume", "A person's inquiry expires, is resumed, and is completed.", "", expireResume},
		{"watchlist-hit", "A person passes and is found on a watchlist.",
			"The report belongs to the account and not to the inquiry, since no simulate action runs a report: rules see it in account_reports.", watchlistHit},
		{"duplicate-person", "Two people with different reference ids and the same data pass.",
			"Persona gives everybody who passes a simulated verification the name Alexander J Sample.", duplicatePerson},
		{"business", "The representative of a business passes, and the business is looked up.",
			"No simulate action verifies a business: the verifications are those of its representative, and the report is about the business.", business},
		{"burst", "Many people pass at the same time.", "", burst},
	}
}

// Names returns the names of all scenarios.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name)
	}
	return names
}

// Find returns the scenario of a name. The error suggests the nearest name.
func Find(name string) (Scenario, error) {
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
	}
	if suggestion := spelling.DidYouMean(name, Names()); suggestion != "" {
		return Scenario{}, fmt.Errorf("there is no scenario %q%s", name, suggestion)
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q: the scenarios are %s", name, strings.Join(Names(), ", "))
}

// Options are the person and the templates of a scenario.
type Options struct {
	InquiryTemplate       string         // itmpl_…, or tmpl_… of a legacy flow
	VerificationTemplates []string       // vtmpl_…, each of which is passed or failed; none simulates no verification
	ReportTemplate        string         // rptp_…, for the scenarios that need a report
	Reference             string         // your reference id of the person; invented unless set
	Fields                map[string]any // of the inquiry
	Tags                  []string
	Undecided             bool // leave approving and declining to your rules
	Count                 int  // of people, for burst

	// Progress is called during a long scenario; may be nil.
	Progress func(done, of int)
}

// Result is what a scenario created.
type Result struct {
	Scenario string   `json:"scenario"`
	People   []Person `json:"people"`
	Note     string   `json:"note,omitempty"`
}

// Person is a person of a scenario.
type Person struct {
	Reference     string   `json:"reference"`
	Account       string   `json:"account"`
	Inquiry       string   `json:"inquiry"`
	Status        string   `json:"status"` // of the inquiry
	Verifications []string `json:"verifications"`
	Reports       []string `json:"reports"`
}

// Play runs a scenario. After an error, the result contains what was created before.
func (s Scenario) Play(ctx context.Context, client *persona.Client, o Options) (Result, error) {
	if o.InquiryTemplate == "" {
		return Result{}, errors.New("no inquiry template is given: a scenario begins with an inquiry")
	}
	o.Reference = cmp.Or(o.Reference, "idem-"+strings.ToLower(rand.Text()[:10]))
	st := &stage{client: client, Options: o}
	err := s.play(ctx, st)
	return Result{s.Name, st.people, s.Note}, err
}
