package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/persona"
)

// books contain what the stopped service stored and what happened at the sandbox.
type books struct {
	*world
	db *sqlite.DB

	events        []domain.Event
	decisions     []domain.Decision
	actions       []domain.Action
	notifications []domain.Notification     // newest first
	happened      map[string]map[string]int // at the sandbox: number of events by object and name
	owners        map[string]*inquiry       // by inquiry id
	accounts      map[string]*person        // by account id
	figures       figures
}

// compare compares everything.
func (w *world) compare() figures {
	db, err := sqlite.Open(w.t.Context(), filepath.Join(w.config.DataDir, "idem.db"))
	must(w.t, err)
	defer db.Close()
	b := &books{world: w, db: db, happened: map[string]map[string]int{}, owners: map[string]*inquiry{}, accounts: map[string]*person{}}
	b.events, b.decisions = all(b, db.Events), all(b, db.Decisions)
	b.actions, b.notifications = all(b, db.Actions), all(b, db.Notifications)
	for _, p := range w.persons {
		b.accounts[p.account] = p
		for _, q := range p.inquiries {
			b.owners[q.id] = q
		}
	}
	b.compareEvents()
	b.compareObjects()
	b.compareEffects()
	b.compareDecisions()
	for _, p := range w.persons {
		for i, q := range p.inquiries {
			b.compareOutcome(p, i, q)
		}
		b.compareVerdict(p)
	}
	b.compareAuditTrail()
	b.figures.runs, b.figures.people, b.figures.lives = 1, len(w.persons), w.lives
	b.figures.events, b.figures.decisions, b.figures.actions = len(b.events), len(b.decisions), len(b.actions)
	for _, a := range b.actions {
		if a.Spec.Kind == domain.ApproveInquiry && a.State == domain.ActionDone {
			b.figures.approvals++
		}
	}
	return b.figures
}

// figures count results of runs.
type figures struct {
	runs, people, lives, events, decisions, actions, approvals int
}

func (f *figures) add(g figures) {
	f.runs += g.runs
	f.people += g.people
	f.lives += g.lives
	f.events += g.events
	f.decisions += g.decisions
	f.actions += g.actions
	f.approvals += g.approvals
}

func (f figures) String() string {
	return fmt.Sprintf("%d runs: %d people, %d lives of the service, %d events, %d decisions, %d actions, %d approvals",
		f.runs, f.people, f.lives, f.events, f.decisions, f.actions, f.approvals)
}

// compareEvents checks that every event is stored and none is waiting.
func (b *books) compareEvents() {
	stored := map[string]domain.Event{}
	for _, e := range b.events {
		stored[e.ID] = e
		if e.State != domain.EventApplied && e.State != domain.EventStale && e.State != domain.EventUnhandled {
			b.t.Errorf("event %s (%s of %s) is %s after %d tries: %s", e.ID, e.Name, e.Object, e.State, e.Tries, e.Reason)
		}
		if e.Via == domain.ViaHistory {
			b.t.Errorf("event %s (%s of %s) is history", e.ID, e.Name, e.Object)
		}
	}
	for e, err := range b.client.Events.List(b.t.Context(), persona.EventListParams{Size: 100}) {
		must(b.t, err)
		if _, known := stored[e.ID]; !known {
			b.t.Errorf("event %s (%s) of %v happened and is not stored", e.ID, e.Attributes.Name, e.Attributes.CreatedAt)
		}
		var payload struct{ Data domain.Ref }
		raw, err := json.Marshal(e.Attributes.Payload)
		must(b.t, err)
		must(b.t, json.Unmarshal(raw, &payload))
		if b.happened[payload.Data.ID] == nil {
			b.happened[payload.Data.ID] = map[string]int{}
		}
		b.happened[payload.Data.ID][e.Attributes.Name]++
	}
}

// compareObjects checks that every object equals the sandbox's.
func (b *books) compareObjects() {
	reader := advance.Persona{Client: b.client, Environment: domain.Sandbox}
	for _, ours := range all(b, b.db.Objects) {
		theirs, err := reader.Object(b.t.Context(), ours.Ref)
		switch {
		case errors.Is(err, advance.ErrCannotRead): // Persona has no operation for it
			continue
		case err != nil:
			b.t.Errorf("%s is stored and cannot be read: %v", ours.Ref, err)
			continue
		}
		if b.lostData(ours) {
			continue
		}
		if ours.Status != theirs.Status || !ours.RedactedAt.Equal(theirs.RedactedAt) {
			b.t.Errorf("%s is %q (redacted %v) at the service and %q (%v) at the sandbox%s", ours.Ref, ours.Status, ours.RedactedAt, theirs.Status, theirs.RedactedAt, b.about(ours.Ref.ID))
		}
		if different := slices.DeleteFunc(differ(ours.Attributes, theirs.Attributes), func(name string) bool { return b.unseen(theirs, name) }); len(different) > 0 {
			b.t.Errorf("%s has other %s at the service than at the sandbox: %s %s %s", ours.Ref, strings.Join(different, ", "), ours.Attributes[different[0]], theirs.Attributes[different[0]], b.about(ours.Ref.ID))
		}
		if name := "inquiries"; ours.Ref.Family() == "case" && !slices.Equal(sorted(ours.Relationships[name]), sorted(theirs.Relationships[name])) {
			b.t.Errorf("%s has the inquiries %v at the service and %v at the sandbox", ours.Ref, ours.Relationships[name], theirs.Relationships[name])
		}
	}
}

// unseen reports whether an attribute may have changed without an event, or may be
// withheld.
func (b *books) unseen(o domain.Object, name string) bool {
	q := b.owners[o.Ref.ID]
	switch name {
	case "fields", "next-step-name", "previous-step-name": // a verification changes those of its inquiry, and sends an event of its own
		return q != nil && q.ended == ""
	case "reference-id": // follows the account's, even if the inquiry was redacted before
		return q != nil && q.redacted
	case "checks", "has-match": // withheld from Persona's list of events too
		return b.plan.withholds
	default:
		return strings.HasPrefix(name, "update") // for example when a case gets the status that it already has
	}
}

// lostData reports whether an object lost its data because a related object was redacted.
// Persona sends no event for that, so the service cannot know.
func (b *books) lostData(o domain.Object) bool {
	switch o.Ref.Family() {
	case "inquiry", "account", "case":
		return false
	}
	for _, owner := range slices.Concat(o.Relationships["inquiry"], o.Relationships["account"]) {
		if q := b.owners[owner.ID]; q != nil && q.redacted {
			return true
		}
		if p := b.accounts[owner.ID]; p != nil && p.redacted {
			return true
		}
	}
	return false
}

func sorted(refs []domain.Ref) []domain.Ref {
	return slices.SortedFunc(slices.Values(refs), func(a, b domain.Ref) int { return strings.Compare(a.ID, b.ID) })
}

// fileAddress matches the URL of a file of the sandbox, with a different token in every
// answer.
var fileAddress = regexp.MustCompile(`"http://[^/"]+(/[^"?]+)\?access_token=[^"&]*`)

// differ returns the names of the attributes that differ.
func differ(a, b map[string]json.RawMessage) (names []string) {
	plain := func(value json.RawMessage) []byte {
		var compact bytes.Buffer
		_ = json.Compact(&compact, value) // absent or valid
		return fileAddress.ReplaceAll(compact.Bytes(), []byte("$1"))
	}
	for name := range b {
		if !bytes.Equal(plain(a[name]), plain(b[name])) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// compareEffects checks that no call with an action's key took effect twice, and that every
// done action took effect.
func (b *books) compareEffects() {
	effects := map[string]int{} // by derived key: a new key begins with it
	for _, c := range b.sandbox.Calls("sandbox") {
		if derived, ours := derivedKey(c.IdempotencyKey); ours && !c.Replayed && (c.Status < 300 || c.Fault == "status_after") {
			effects[derived]++
		}
	}
	for _, a := range b.actions {
		n := effects[a.DerivedKey]
		delete(effects, a.DerivedKey)
		switch {
		case n > 1:
			b.t.Errorf("action %s, %s of %s, took effect %d times", a.ID, a.Spec.Kind, a.Spec.Target, n)
		case a.State == domain.ActionDone && n == 0:
			b.t.Errorf("action %s, %s of %s, is done but has no effect", a.ID, a.Spec.Kind, a.Spec.Target)
		case a.State == domain.ActionWaiting:
			b.t.Errorf("action %s, %s of %s, still waits: %s", a.ID, a.Spec.Kind, a.Spec.Target, a.Outcome)
		}
	}
	for key := range effects {
		b.t.Errorf("calls under the key %s took effect, and no action has it", key)
	}
}

// derivedKey returns the derived key that an idempotency key begins with.
func derivedKey(key string) (derived string, ours bool) {
	rest, ours := strings.CutPrefix(key, "idem-")
	digest, _, _ := strings.Cut(rest, "-")
	return "idem-" + digest, ours
}

// compareDecisions checks that there is at most one decision for each transition.
func (b *books) compareDecisions() {
	made := map[string]int{}
	for _, d := range b.decisions {
		if made[d.Transition.EventID]++; made[d.Transition.EventID] > 1 {
			b.t.Errorf("%d decisions were made on event %s of %s", made[d.Transition.EventID], d.Transition.EventID, d.Object)
		}
		if d.Result == domain.NotEvaluated {
			b.t.Errorf("decision %s on %s could not be evaluated: %s", d.ID, d.Object, d.Reason)
		}
	}
}

// compareOutcome checks that the service approved only people whom the rules approve, and
// that inquiries which only the service decided on have the status that the rules say.
func (b *books) compareOutcome(p *person, i int, q *inquiry) {
	wanted := b.plan.rules.outcome(p, q)
	if why := b.approvedByService(q.id); why != "" && (q.ended == "" || wanted != "approved") {
		b.t.Errorf("%s of %s was approved by the service (%s): it ended %q after %v, and the rules say %s%s", q.id, p.reference, why, q.ended, q.attempts, wanted, b.about(q.id))
	}
	if q.ended == "" || q.touched {
		return
	}
	now, err := b.client.Inquiries.Get(b.t.Context(), q.id)
	must(b.t, err)
	status := string(now.Attributes.Status)
	if wanted == "approved" && b.plan.rules.reapply != "allow" && slices.ContainsFunc(p.inquiries[:i], b.wasDeclined) {
		wanted = "needs_review"
	}
	switch {
	case status == wanted:
	case wanted == "approved" && status == "needs_review" && b.isExcused(q, p.inquiries[:i]):
	case (status == "approved" || status == "needs_review") && wanted != "declined" && shareCase(p.inquiries[:i], p.inquiries[i+1:]):
	default:
		b.t.Errorf("%s of %s is %s: it ended %s after %v, and the rules say %s; all inquiries are%s%s", q.id, p.reference, status, q.ended, q.attempts, wanted, b.listed(p), b.about(p.ids()...))
	}
	b.compareUntouched(q, status)
}

// listed describes the current inquiries of a person.
func (b *books) listed(p *person) string {
	var text strings.Builder
	for _, q := range p.inquiries {
		now, err := b.client.Inquiries.Get(b.t.Context(), q.id)
		must(b.t, err)
		verdict, declined := b.verdictOf(q.id)
		fmt.Fprintf(&text, "\n         %s, made at %s, ended %q, touched %v, is %s, verdict %s, declined %v", q.id, now.Attributes.CreatedAt.Format(time.StampMilli), q.ended, q.touched, now.Attributes.Status, verdict, declined)
		for c, err := range b.client.Cases.List(b.t.Context(), persona.CaseListParams{InquiryID: q.id}) {
			must(b.t, err)
			fmt.Fprintf(&text, "; %s of %s is %s", c.ID, c.Attributes.CreatedAt.Format(time.StampMilli), c.Attributes.Status)
		}
	}
	return text.String()
}

// shareCase reports whether an older and a newer inquiry share a case. A decision on the
// newer one then also declines the older one, before or after the one in between was
// decided on.
func shareCase(older, newer []*inquiry) bool {
	shares := func(q *inquiry) bool { return q.shares }
	return slices.ContainsFunc(older, shares) && slices.ContainsFunc(newer, shares)
}

// isExcused reports whether there is a reason to review an inquiry that the rules approve:
// Persona withheld facts; an older inquiry was not decided on because its event was late;
// or an inquiry was redacted together with a report that the rules need.
func (b *books) isExcused(q *inquiry, older []*inquiry) bool {
	redacted := slices.ContainsFunc(older, func(o *inquiry) bool { return o.redacted })
	return b.plan.withholds || slices.ContainsFunc(b.decisions, func(d domain.Decision) bool {
		return d.Object.ID == q.id && d.Result == domain.Incomplete &&
			(strings.HasSuffix(d.Reason, ": not decided on") || redacted && strings.HasPrefix(d.Reason, "missing: report/") && strings.HasSuffix(d.Reason, ": redacted"))
	})
}

// wasDeclined reports whether an inquiry was declined.
func (b *books) wasDeclined(q *inquiry) bool {
	_, declined := b.verdictOf(q.id)
	return declined
}

// compareUntouched checks that an inquiry which only the service decided on has one
// decision, whose actions all took effect, and a case with the matching status.
func (b *books) compareUntouched(q *inquiry, status string) {
	var mine []domain.Decision
	for _, d := range b.decisions {
		if d.Object.ID == q.id {
			mine = append(mine, d)
		}
	}
	if len(mine) != 1 || mine[0].Result != domain.Decided && mine[0].Result != domain.Incomplete {
		b.t.Errorf("%s has the decisions %+v%s", q.id, mine, b.about(q.id))
		return
	}
	// An approval that is late is decided again, and the facts can be withheld by then.
	reviewed := b.plan.withholds && status == "needs_review" && slices.ContainsFunc(b.actions, func(a domain.Action) bool {
		return a.DecisionID == mine[0].ID && a.State == domain.ActionDropped && strings.HasSuffix(a.Outcome, "facts are missing: marked for review")
	})
	for _, a := range b.actions {
		failed := a.State == domain.ActionDead || a.State == domain.ActionDropped && !reviewed
		if a.DecisionID == mine[0].ID && failed && !outlived(a) {
			b.t.Errorf("action %s, %s of %s, is %s: %s%s", a.ID, a.Spec.Kind, a.Spec.Target, a.State, a.Outcome, b.about(a.ID))
		}
	}
	if reviewed || len(q.cases) == 0 || mine[0].Result == domain.Incomplete || mine[0].Reason != "" {
		return
	}
	kase, err := b.client.Cases.Get(b.t.Context(), q.cases[0])
	must(b.t, err)
	if wanted := map[string]string{"approved": "Approved", "declined": "Declined", "needs_review": "Pending"}[status]; kase.Attributes.Status != wanted {
		b.t.Errorf("case %s of %s is %s and not %s%s", kase.ID, q.id, kase.Attributes.Status, wanted, b.about(kase.ID))
	}
}

// outlived reports whether Persona dropped a link's key while its outcome was unknown.
// Whether the link exists cannot be read, so no other one is created.
func outlived(a domain.Action) bool {
	return a.Spec.Kind == domain.GenerateOneTimeLink && a.State == domain.ActionDead && a.Attempts > 0 && a.FinishedAt.Sub(a.KeyMadeAt) > 23*time.Hour
}

// approvedByService says how the service approved an inquiry or requested it, or returns
// "".
func (b *books) approvedByService(id string) string {
	for _, c := range b.sandbox.Calls("sandbox") {
		_, ours := derivedKey(c.IdempotencyKey)
		if ours && c.Operation == "Inquiries.Approve" && strings.Contains(c.Path, id) && (c.Status < 300 || c.Fault == "status_after") {
			return "a call took effect"
		}
	}
	for _, d := range b.decisions {
		for _, a := range d.Actions {
			if d.Object.ID == id && (a.Kind == domain.ApproveInquiry || a.Kind == domain.SetCaseStatus && a.Arguments["status"] == "Approved") {
				return "decision " + d.ID + " asks for " + string(a.Kind)
			}
		}
	}
	return ""
}

// compareVerdict checks that the last notification has the current verdict, and that it is
// the verdict of the sandbox's inquiries and cases.
func (b *books) compareVerdict(p *person) {
	if len(p.inquiries) == 0 {
		return
	}
	row, err := b.db.Subject(b.t.Context(), domain.Sandbox, p.reference)
	if err != nil {
		b.t.Errorf("%s has no row: %v", p.reference, err)
		return
	}
	var told []domain.Verdict
	for _, n := range b.notifications {
		if n.Subject == p.reference && n.Type == domain.NotifyVerdictChanged {
			told = append(told, n.Verdict)
		}
	}
	if len(told) == 0 || told[0] != row.Verdict {
		b.t.Errorf("the notifications of %s have %v (newest first), but the verdict is %s", p.reference, told, row.Verdict)
	}
	for i := range len(told) - 1 {
		if told[i] == told[i+1] {
			b.t.Errorf("%s got the same verdict twice in a row: %v", p.reference, told)
		}
	}
	if wanted := b.verdict(p); string(row.Verdict) != wanted {
		b.t.Errorf("the verdict on %s is %s from %s, want %s: inquiries %+v%s", p.reference, row.Verdict, row.Object, wanted, p.ids(), b.about(append(p.ids(), p.reference)...))
	}
}

func (p *person) ids() (ids []string) {
	for _, q := range p.inquiries {
		ids = append(ids, q.id)
	}
	return ids
}

func (b *books) compareAuditTrail() {
	var last audit.Entry
	for {
		entries, err := b.db.AuditTrail(b.t.Context(), domain.Sandbox, last.Sequence, 1000)
		must(b.t, err)
		if len(entries) == 0 {
			return
		}
		if at := audit.Verify(last, entries); at != 0 {
			b.t.Errorf("the audit trail is broken at %d", at)
			return
		}
		last = entries[len(entries)-1]
	}
}

// about returns the log lines about some ids.
func (b *books) about(ids ...string) string {
	if lines := b.log.about(ids...); lines != "" {
		return "\n the log says\n" + lines
	}
	return ""
}

// all reads a whole list.
func all[T any](b *books, list func(context.Context, domain.Environment, store.Filter) (store.Page[T], error)) []T {
	b.t.Helper()
	var found []T
	for row, err := range store.All(b.t.Context(), list, domain.Sandbox, store.Filter{Limit: 100}) {
		must(b.t, err)
		found = append(found, row)
	}
	return found
}
