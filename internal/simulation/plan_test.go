package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// plan is what a seed draws before anything happens.
type plan struct {
	seed      uint64
	rules     rules
	people    int
	rounds    []round
	faults    []sandbox.Fault
	rateLimit int
	reconcile time.Duration
	withholds bool // Persona keeps attributes from the service's key for some time
}

// round is one life of the service, and the pause until the next one.
type round struct {
	people int           // who arrive meanwhile
	stay   time.Duration // how long it lives
	poll   time.Duration // how often its queue looks for jobs
	end    ending
	after  int           // of a crash at a call or a webhook: how many pass first
	pause  time.Duration // until the next one
}

// ending is how a service ends.
type ending string

const (
	stopped      ending = "being stopped"
	crashed      ending = "a crash"
	beforeEffect ending = "a crash before a call takes effect"
	afterEffect  ending = "a crash after a call took effect, before the answer"
	afterStoring ending = "a crash after a webhook was stored, before the answer"
)

// stream returns a source of numbers of its own, so that what one draws changes nothing for
// another.
func (p plan) stream(number int) *rand.Rand { return rand.New(rand.NewPCG(p.seed, uint64(number))) }

// between draws a time, with short ones as likely as long ones of ten times their length.
func between(draw *rand.Rand, least, most time.Duration) time.Duration {
	t := least
	for t*10 <= most && draw.IntN(2) == 0 {
		t *= 10
	}
	return t + upTo(draw, min(t*10, most)-t+1)
}

// upTo draws a time below another.
func upTo(draw *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(draw.Int64N(int64(limit)))
}

func newPlan(seed uint64) plan {
	p := plan{seed: seed}
	draw := p.stream(1)
	p.rules = allRules()[draw.IntN(len(allRules()))]
	p.people = 10 + draw.IntN(31)
	p.rateLimit = []int{300, 100_000, 100_000}[draw.IntN(3)] // calls a minute
	p.reconcile = 10*time.Minute + upTo(draw, 5*time.Minute)
	p.withholds = draw.IntN(4) == 0
	p.rounds = newRounds(draw, p.people)
	p.faults = append(deliveryFaults(draw), callFaults(draw)...)
	return p
}

// newRounds draws the lives of the service. The fake clock passes quickly while it is down,
// and a hundred times slower while it lives: most lives are short, most pauses long.
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

// deliveryFaults draws what goes wrong with webhooks.
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

// callFaults draws what goes wrong with the calls of the service.
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
	// A link leaves no trace that could be read afterwards: after a 500 that hides one it is
	// made again, which docs/guarantees.md says.
	for _, f := range []sandbox.Fault{{Kind: sandbox.FaultLostAnswer}, {Kind: sandbox.FaultStatusBefore, Status: 503}, {Kind: sandbox.FaultStatusAfter, Status: 502}} {
		f.Operation, f.Rate = "Inquiries.GenerateOneTimeLink", 0.1*draw.Float64()
		faults = append(faults, f)
	}
	return faults
}

// String tells what is drawn, for whoever reads of a failure.
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
