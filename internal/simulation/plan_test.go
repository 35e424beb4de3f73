package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// plan contains everything that is drawn from the seed before a run.
type plan struct {
	seed      uint64
	rules     rules
	people    int
	rounds    []round
	faults    []sandbox.Fault
	rateLimit int
	reconcile time.Duration
	withholds bool // Persona withholds attributes from the service's key for some time
}

// round is one run of the service and the pause after it.
type round struct {
	people int           // number of people who arrive during it
	stay   time.Duration // how long it runs
	poll   time.Duration // how often its queue polls for jobs
	end    ending
	after  int           // number of calls or webhooks before a crash
	pause  time.Duration // until the next round
}

// ending says how the service ends.
type ending string

const (
	stopped      ending = "being stopped"
	crashed      ending = "a crash"
	beforeEffect ending = "a crash before a call takes effect"
	afterEffect  ending = "a crash after a call took effect, before the answer"
	afterStoring ending = "a crash after a webhook was stored, before the answer"
)

// stream returns a separate source of random numbers, so that draws in one stream do not
// affect another.
func (p plan) stream(number int) *rand.Rand { return rand.New(rand.NewPCG(p.seed, uint64(number))) }

// between draws a duration on a logarithmic scale.
func between(draw *rand.Rand, least, most time.Duration) time.Duration {
	t := least
	for t*10 <= most && draw.IntN(2) == 0 {
		t *= 10
	}
	return t + upTo(draw, min(t*10, most)-t+1)
}

// upTo draws a duration below a limit.
func upTo(draw *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(draw.Int64N(int64(limit)))
}

func newPlan(seed uint64) plan {
	p := plan{seed: seed}
	draw := p.stream(1)
	p.rules = allRules()[draw.IntN(len(allRules()))]
	p.people = 10 + draw.IntN(31)
	p.rateLimit = []int{300, 100_000, 100_000}[draw.IntN(3)] // calls per minute
	p.reconcile = 10*time.Minute + upTo(draw, 5*time.Minute)
	p.withholds = draw.IntN(4) == 0
	p.rounds = newRounds(draw, p.people)
	p.faults = append(deliveryFaults(draw), callFaults(draw)...)
	return p
}

// newRounds draws the rounds. The fake clock runs a hundred times slower while the service
// runs, so most runs are short and most pauses long.
func newRounds(draw *rand.Rand, people int) []round {
	rounds := make([]round, 4+draw.IntN(4))
	for i := range rounds {
		r := &rounds[i]
		r.stay, r.poll = between(draw, time.Minute, 12*time.Minute), 3*time.Second
		if draw.IntN(12) == 0 {
			r.stay, r.poll = time.Hour+upTo(draw, time.Hour), 20*time.Second
		}
		r.end = []ending{stopped, crashed, beforeEffect, afterEffect, afterStoring}[draw.IntN(5)]
		r.after = draw.IntN(20)
		r.pause = between(draw, time.Second, 3*time.Hour)
		if draw.IntN(3) == 0 {
			r.pause = 6*time.Hour + upTo(draw, 34*time.Hour)
		}
	}
	for range people {
		rounds[draw.IntN(len(rounds))].people++
	}
	return rounds
}

// deliveryFaults draws the faults of webhooks.
func deliveryFaults(draw *rand.Rand) (faults []sandbox.Fault) {
	for _, f := range []sandbox.Fault{
		{Kind: sandbox.FaultLostDelivery, Rate: 0.2 * draw.Float64()},
		{Kind: sandbox.FaultDuplicateDelivery, Rate: 0.2 * draw.Float64()},
		{Kind: sandbox.FaultTruncatedDelivery, Rate: 0.1 * draw.Float64()},
		{Kind: sandbox.FaultLateDelivery, Rate: 0.2 * draw.Float64(), Delay: between(draw, time.Second, 3*time.Hour)},
		{Kind: sandbox.FaultReorderedDelivery, Rate: draw.Float64(), Delay: between(draw, time.Second, 10*time.Minute)},
	} {
		if draw.IntN(2) == 0 {
			faults = append(faults, f)
		}
	}
	return faults
}

// callFaults draws the faults of the service's calls.
func callFaults(draw *rand.Rand) (faults []sandbox.Fault) {
	for _, operation := range []string{
		"Inquiries.Get", "Inquiries.Approve", "Inquiries.Decline", "Inquiries.MarkForReview", "Inquiries.AddTag", "Accounts.AddTag",
		"Cases.Get", "Cases.List", "Cases.AddTag", "Cases.SetStatus", "Reports.List", "Events.List",
		"Inquiries.List", "Accounts.Get", "Verifications.Get", "Reports.Get", "InquirySessions.Get",
	} {
		kinds := []sandbox.Fault{
			{Kind: sandbox.FaultLostAnswer}, {Kind: sandbox.FaultTruncatedAnswer}, {Kind: sandbox.FaultRateLimited, Delay: between(draw, time.Second, time.Minute)},
			{Kind: sandbox.FaultSlowAnswer, Delay: between(draw, time.Second, 10*time.Minute)},
			{Kind: sandbox.FaultStatusBefore, Status: 500 + draw.IntN(5)}, {Kind: sandbox.FaultStatusAfter, Status: 500 + draw.IntN(5)},
			{Kind: sandbox.FaultCachedStatus, Status: 500 + draw.IntN(5)},
		}
		for range draw.IntN(3) {
			f := kinds[draw.IntN(len(kinds))]
			f.Operation, f.Rate = operation, 0.02+0.15*draw.Float64()
			faults = append(faults, f)
		}
	}
	if draw.IntN(2) == 0 {
		faults = append(faults, sandbox.Fault{Kind: sandbox.FaultPartialIncluded, Operation: "Inquiries.Get", Rate: draw.Float64()})
	}
	// After a 500 that hides a link, the link is created again, since nothing shows that it
	// exists. docs/guarantees.md says so.
	for _, f := range []sandbox.Fault{{Kind: sandbox.FaultLostAnswer}, {Kind: sandbox.FaultStatusBefore, Status: 503}, {Kind: sandbox.FaultStatusAfter, Status: 502}} {
		f.Operation, f.Rate = "Inquiries.GenerateOneTimeLink", 0.1*draw.Float64()
		faults = append(faults, f)
	}
	return faults
}

// String describes the plan in failures.
func (p plan) String() string {
	text := fmt.Sprintf("policy %s, %d people, a limit of %d calls, reconciling every %v, attributes withheld: %v\n", p.rules.name, p.people, p.rateLimit, p.reconcile, p.withholds)
	for _, r := range p.rounds {
		text += fmt.Sprintf("  lives %v with %d people, ends by %s (after %d), is away for %v\n", r.stay, r.people, r.end, r.after, r.pause)
	}
	for _, f := range p.faults {
		text += fmt.Sprintf("  %s %s %d: %.2f %v\n", f.Kind, f.Operation, f.Status, f.Rate, f.Delay)
	}
	return text
}
