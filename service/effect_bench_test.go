package service

import (
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// BenchmarkWayToTheEffect lets people complete inquiries at the sandbox, so many a second
// that a hundred events a second reach the service, and reports how long it is from an
// inquiry's completion to its approval, by the times of the sandbox's events: through the
// webhook, the database, the decision and the call. The benchmark runs a fixed load.
func BenchmarkWayToTheEffect(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			w := newWorld(b, on.database(b))
			const people, eachSecond = 300, 25 // four events each: completed, approved, and the case's two
			var inquiries []string
			for range people {
				inquiry, _ := w.applicant("")
				w.simulate(inquiry, "start_inquiry", "create_passed_verification")
				inquiries = append(inquiries, inquiry)
			}
			w.eventually("all of that arrived", func() bool {
				return !slices.ContainsFunc(w.sandbox.Deliveries("sandbox"), func(d sandbox.Delivery) bool { return d.State == "pending" })
			})
			w.settled()
			for newest, err := range w.client.Events.List(b.Context(), persona.EventListParams{}) {
				if err != nil {
					b.Fatal(err)
				}
				// The sandbox's events are a millisecond apart, also where they come faster.
				time.Sleep(time.Until(newest.Attributes.CreatedAt.Time))
				break
			}
			started := time.Now()
			for i, inquiry := range inquiries {
				time.Sleep(time.Until(started.Add(time.Duration(i) * time.Second / eachSecond)))
				w.simulate(inquiry, "complete_inquiry")
			}
			w.eventually("everybody is approved", func() bool { return w.effects("inquiry.approved", "") == people })
			for b.Loop() { // the load above is the benchmark
			}
			at := map[string]map[string]time.Time{"inquiry.completed": {}, "inquiry.approved": {}}
			for name, times := range at {
				for event, err := range w.client.Events.List(b.Context(), persona.EventListParams{Name: name}) {
					if err != nil {
						b.Fatal(err)
					}
					times[event.Attributes.Payload.Identifier().ID] = event.Attributes.CreatedAt.Time
				}
			}
			var took []time.Duration
			for inquiry, completed := range at["inquiry.completed"] {
				approved, ok := at["inquiry.approved"][inquiry]
				if !ok {
					b.Fatalf("%s was never approved", inquiry)
				}
				took = append(took, approved.Sub(completed))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(percentile(took, 99).Milliseconds()), "p99-ms")
		})
	}
}
