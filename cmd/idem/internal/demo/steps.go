package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/idemhq/idem"
	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// clientStep makes a client from the environment variable, and sees what happens
// without it.
func clientStep(ctx context.Context, w *world, r *report) error {
	r.begin("a client from the environment variable PERSONA_API_KEY")
	before, was := os.LookupEnv("PERSONA_API_KEY")
	defer func() {
		if os.Unsetenv("PERSONA_API_KEY"); was {
			os.Setenv("PERSONA_API_KEY", before)
		}
	}()
	os.Unsetenv("PERSONA_API_KEY")
	_, err := persona.NewClient()
	expect(r, "without it", fmt.Sprint(err), persona.ErrNoKey.Error())
	os.Setenv("PERSONA_API_KEY", sandbox.SandboxKey)
	client, err := persona.NewClient(persona.WithBaseURL(w.SandboxURL + "/api/v1"))
	if err != nil {
		return err
	}
	var response *persona.Response
	if _, err := client.RateLimits.List(ctx, persona.WithResponse(&response)); err != nil {
		return err
	}
	expect(r, "with it, GET /rate-limits", response.Status, http.StatusOK)
	r.saw("request %s, %s of %s calls left", response.RequestID, response.Header.Get("RateLimit-Remaining"), response.Header.Get("RateLimit-Limit"))
	_, err = persona.NewClient(persona.WithAPIKey(sandbox.ProductionKey), persona.WithEnvironment(persona.Sandbox))
	var mismatch *persona.EnvironmentError
	expect(r, "a production key is refused for the sandbox", errors.As(err, &mismatch), true)
	return nil
}

// passStep verifies an applicant: the rest is the webhook's and the rule's work.
func passStep(ctx context.Context, w *world, r *report) error {
	r.begin("an inquiry passes, and its case is Approved by the rule")
	inquiry, c, err := tutorial.Apply(ctx, w.Client, "user-1001")
	if err != nil {
		return err
	}
	r.saw("inquiry %s is %s, case %s is %s", inquiry.ID, inquiry.Attributes.Status, c.ID, c.Attributes.Status)
	if _, err := tutorial.Simulate(ctx, w.Client, inquiry.ID, tutorial.Passed()); err != nil {
		return err
	}
	if err := w.host.untilCase(ctx, c.ID, "Approved"); err != nil {
		return err
	}
	if err := w.host.untilDone(ctx, c.ID, 1); err != nil {
		return err
	}
	decisions, err := ask[listed[api.Decision]](ctx, w, "/v1/sandbox/decisions?object="+inquiry.ID)
	if err != nil {
		return err
	}
	for _, d := range decisions.Data {
		r.saw("%s: rule %q of policy %s after %s: %s", d.ID, d.Rule, d.PolicyVersion, d.Transition.Event, d.Explanation)
	}
	got, err := w.Client.Cases.Get(ctx, c.ID)
	if err != nil {
		return err
	}
	expect(r, "case", got.Attributes.Status, "Approved")
	approved, err := w.Client.Inquiries.Get(ctx, inquiry.ID)
	if err != nil {
		return err
	}
	expect(r, "inquiry", approved.Attributes.Status, persona.InquiryStatusApproved)
	return w.expectVerdict(ctx, r, "user-1001", idem.VerdictApproved)
}

// expectVerdict waits until the host is told the verdict: it has one question, and does not
// have to ask it.
func (w *world) expectVerdict(ctx context.Context, r *report, reference string, want idem.Verdict) error {
	if err := w.host.untilVerdict(ctx, reference, want); err != nil {
		return err
	}
	expect(r, "may "+reference+" proceed? The host is told", w.host.verdict(reference), want)
	return nil
}

// reviewStep fails an applicant, and opens the fresh link.
func reviewStep(ctx context.Context, w *world, r *report) error {
	r.begin("a verification fails: review, case set, and a one-time link")
	inquiry, c, err := tutorial.Apply(ctx, w.Client, "user-1002")
	if err != nil {
		return err
	}
	if _, err := tutorial.Simulate(ctx, w.Client, inquiry.ID, tutorial.Failed()); err != nil {
		return err
	}
	if err := w.host.untilCase(ctx, c.ID, "Pending"); err != nil {
		return err
	}
	if err := w.host.untilDone(ctx, inquiry.ID, 2); err != nil {
		return err
	}
	actions, err := w.actions(ctx, inquiry.ID)
	if err != nil {
		return err
	}
	var link string
	for _, a := range actions {
		r.saw("%s %s: %s", a.ID, a.Kind, a.State)
		var result struct {
			Link string `json:"one_time_link"`
		}
		if json.Unmarshal(a.Result, &result) == nil && result.Link != "" {
			link = result.Link
		}
	}
	got, err := w.Client.Inquiries.Get(ctx, inquiry.ID)
	if err != nil {
		return err
	}
	expect(r, "inquiry", got.Attributes.Status, persona.InquiryStatusNeedsReview)
	waiting, err := w.Client.Cases.Get(ctx, c.ID)
	if err != nil {
		return err
	}
	expect(r, "case", waiting.Attributes.Status, "Pending")
	status, _, err := fetch(ctx, "GET", link, nil, nil)
	if err != nil {
		return err
	}
	expect(r, "the link, opened once", status, http.StatusOK)
	// A page that is loaded again within five minutes still opens; later it does not.
	if err := w.control(ctx, "POST", "clock", map[string]string{"advance": "6m"}, nil); err != nil {
		return err
	}
	if status, _, err = fetch(ctx, "GET", link, nil, nil); err != nil {
		return err
	}
	expect(r, "the link, opened again", status, http.StatusGone)
	return w.expectVerdict(ctx, r, "user-1002", idem.VerdictReview)
}

// simulateStep shows the three outcomes of a simulation, and draws who belongs to
// whom.
func simulateStep(ctx context.Context, w *world, r *report) error {
	r.begin("simulated pass, fail and error; the relations of an account")
	outcomes := []struct {
		name    string
		actions []persona.SimulateAction
		want    idem.Verdict
	}{
		{"pass", tutorial.Passed(), idem.VerdictApproved}, {"fail", tutorial.Failed(), idem.VerdictReview},
	}
	var accounts []string
	for i, o := range outcomes {
		reference := fmt.Sprintf("user-2%03d", i)
		inquiry, _, err := tutorial.Apply(ctx, w.Client, reference)
		if err != nil {
			return err
		}
		accounts = append(accounts, inquiry.Relationships.Account.Data.ID)
		if _, err := tutorial.Simulate(ctx, w.Client, inquiry.ID, o.actions); err != nil {
			return err
		}
		if err := w.host.untilVerdict(ctx, reference, o.want); err != nil {
			return err
		}
		expect(r, "simulated "+o.name+" of "+inquiry.ID+": the host is told", w.host.verdict(reference), o.want)
	}
	inquiry, _, err := tutorial.Apply(ctx, w.Client, "user-2002")
	if err != nil {
		return err
	}
	accounts = append(accounts, inquiry.Relationships.Account.Data.ID)
	_, err = w.Client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		{Type: "create_passed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: "vtmpl_ThereIsNoSuchTemplate11"})},
	}})
	expect(r, "simulated error is ErrNotFound", errors.Is(err, persona.ErrNotFound), true)
	r.saw("%v", err)
	untouched, err := w.Client.Inquiries.Get(ctx, inquiry.ID)
	if err != nil {
		return err
	}
	expect(r, "and the inquiry is untouched", untouched.Attributes.Status, persona.InquiryStatusCreated)

	err = errors.Join(
		tutorial.Relate(ctx, w.Client, accounts[0], "children", accounts[1]),
		tutorial.Relate(ctx, w.Client, accounts[1], "associates", accounts[2]),
	)
	if err != nil {
		return err
	}
	drawn, err := tutorial.Tree(ctx, w.Client, accounts[0])
	if err != nil {
		return err
	}
	for _, line := range drawn {
		r.saw("%s", line)
	}
	expect(r, "accounts in the tree", len(drawn), 3)
	return nil
}

// signatureStep shows which webhooks are believed, and rotates the secret.
func signatureStep(ctx context.Context, w *world, r *report) error {
	r.begin("webhook signatures, and a rotation without a lost event")
	body := []byte(`{"data":{"type":"event","id":"evt_DemoEventMadeByTheDemo111111","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z",` +
		`"payload":{"data":{"type":"inquiry","id":"inq_DemoInquiryOfNobody1111111111","attributes":{"status":"created"},"relationships":{"account":{"data":null},"verifications":{"data":[]}}}}}}}`)
	for _, d := range tutorial.Deliveries(body, time.Now(), w.Secret) {
		want := http.StatusUnauthorized
		if d.Genuine {
			want = http.StatusOK
		}
		status, err := w.deliver(ctx, d.Body, d.Signature)
		if err != nil {
			return err
		}
		expect(r, d.Name, status, want)
	}
	stored, err := ask[listed[api.Event]](ctx, w, "/v1/sandbox/events?object=inq_DemoInquiryOfNobody1111111111")
	if err != nil {
		return err
	}
	expect(r, "times it is stored", len(stored.Data), 1)

	rotated, err := w.Client.Webhooks.RotateSecret(ctx, w.WebhookID, persona.WebhookRotateSecretParams{ExpiresInSeconds: persona.Set[int64](3600)})
	if err != nil {
		return err
	}
	during, _, err := tutorial.Apply(ctx, w.Client, "user-3001")
	if err != nil {
		return err
	}
	if err := w.host.untilKnown(ctx, "user-3001"); err != nil {
		return err
	}
	r.saw("during the rotation: %s arrived, signed with both secrets", during.ID)
	w.Service.SetWebhookSecrets(service.Sandbox, []service.Secret{service.Secret(rotated.Attributes.Secret)})
	if err := w.control(ctx, "POST", "clock", map[string]string{"advance": "61m"}, nil); err != nil {
		return err
	}
	after, _, err := tutorial.Apply(ctx, w.Client, "user-3002")
	if err != nil {
		return err
	}
	if err := w.host.untilKnown(ctx, "user-3002"); err != nil {
		return err
	}
	r.saw("after it: %s arrived, signed with the new secret", after.ID)
	lost, err := w.undelivered(ctx)
	if err != nil {
		return err
	}
	expect(r, "deliveries that failed", lost, 0)
	w.Secret = rotated.Attributes.Secret
	return nil
}

// undelivered counts the deliveries with an attempt that was not taken.
func (w *world) undelivered(ctx context.Context) (int, error) {
	var deliveries []struct{ Attempts []struct{ Status int } }
	if err := w.control(ctx, "GET", "deliveries", nil, &deliveries); err != nil {
		return 0, err
	}
	n := 0
	for _, d := range deliveries {
		for _, a := range d.Attempts {
			if a.Status != http.StatusOK {
				n++
				break
			}
		}
	}
	return n, nil
}

// onceStep shows that production does not simulate, and that every change took effect
// once, also where an answer was lost.
func onceStep(ctx context.Context, w *world, r *report) error {
	r.begin("production refuses to simulate; every change takes effect once")
	production, err := persona.NewClient(persona.WithAPIKey(sandbox.ProductionKey), persona.WithBaseURL(w.SandboxURL+"/api/v1"), persona.WithEnvironment(persona.Production))
	if err != nil {
		return err
	}
	inquiry, err := production.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		return err
	}
	simulation := persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: "approve_inquiry"}}}
	_, err = production.Inquiries.PerformSimulateActions(ctx, inquiry.ID, simulation)
	var refused *persona.EnvironmentError
	expect(r, "the client refuses before anything is sent", errors.As(err, &refused), true)
	untouched, err := production.Inquiries.Get(ctx, inquiry.ID)
	if err != nil {
		return err
	}
	expect(r, "the inquiry in production", untouched.Attributes.Status, persona.InquiryStatusCreated)

	if err := w.control(ctx, "POST", "faults", map[string]any{"kind": "lost_answer", "operation": "Inquiries.Approve"}, nil); err != nil {
		return err
	}
	if err := w.control(ctx, "POST", "faults", map[string]any{"kind": "duplicate_delivery", "times": 5}, nil); err != nil {
		return err
	}
	applicant, c, err := tutorial.Apply(ctx, w.Client, "user-4001")
	if err != nil {
		return err
	}
	if _, err := tutorial.Simulate(ctx, w.Client, applicant.ID, tutorial.Passed()); err != nil {
		return err
	}
	if err := w.host.untilCase(ctx, c.ID, "Approved"); err != nil {
		return err
	}
	if err := w.host.untilDone(ctx, applicant.ID, 1); err != nil {
		return err
	}
	actions, err := w.actions(ctx, applicant.ID)
	if err != nil {
		return err
	}
	r.saw("%s %s: %s", actions[0].ID, actions[0].Kind, actions[0].Outcome)
	calls, err := w.calls(ctx)
	if err != nil {
		return err
	}
	lost, replayed, without := 0, 0, 0
	for _, call := range calls {
		if call.Method == http.MethodPost && call.IdempotencyKey == "" {
			without++
		}
		if call.Operation == "Inquiries.Approve" && strings.Contains(call.Path, applicant.ID) {
			if call.Lost {
				lost++
			}
			if call.Replayed {
				replayed++
			}
		}
	}
	expect(r, "answers that were lost", lost, 1)
	expect(r, "and given again to the same key", replayed, 1)
	approvals, err := w.effects(ctx, "inquiry.approved", applicant.ID)
	if err != nil {
		return err
	}
	expect(r, "times it took effect", approvals, 1)
	expect(r, fmt.Sprintf("of %d calls, POSTs without an idempotency key", len(calls)), without, 0)
	twice, err := w.doubled(ctx)
	if err != nil {
		return err
	}
	expect(r, "decisions that took effect twice", twice, 0)
	return nil
}

func (w *world) calls(ctx context.Context) ([]sandbox.CallRecord, error) {
	var calls []sandbox.CallRecord
	err := w.control(ctx, "GET", "calls", nil, &calls)
	return calls, err
}

// effects counts the events of a name about an object.
func (w *world) effects(ctx context.Context, name, object string) (int, error) {
	n := 0
	for _, err := range w.Client.Events.List(ctx, persona.EventListParams{Name: name, ObjectID: object}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// doubled counts the objects that something happened to twice which should once.
func (w *world) doubled(ctx context.Context) (int, error) {
	times := map[string]int{}
	for event, err := range w.Client.Events.List(ctx, persona.EventListParams{Name: "inquiry.approved,inquiry.marked-for-review,case.resolved", Size: 100}) {
		if err != nil {
			return 0, err
		}
		times[event.Attributes.Name+event.Attributes.Payload.Identifier().ID]++
	}
	n := 0
	for _, count := range times {
		if count > 1 {
			n++
		}
	}
	return n, nil
}
