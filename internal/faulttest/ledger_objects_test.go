package faulttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// compareObjects checks that every object equals the sandbox's.
func (l *ledger) compareObjects() {
	reader := advance.Persona{Client: l.client, Environment: domain.Sandbox}
	for _, ours := range all(l.world, l.rows.Objects) {
		theirs, err := reader.Object(l.t.Context(), ours.Ref)
		if err != nil {
			l.t.Errorf("object %s is kept and cannot be read: %v", ours.Ref, err)
			continue
		}
		if ours.Status != theirs.Status || ours.ReferenceID != theirs.ReferenceID {
			l.t.Errorf("%s is %q of %q at the service and %q of %q at the sandbox", ours.Ref, ours.Status, ours.ReferenceID, theirs.Status, theirs.ReferenceID)
		}
		if different := l.differ(ours.Attributes, theirs.Attributes); len(different) > 0 {
			l.t.Errorf("%s has other %s at the service than at the sandbox", ours.Ref, strings.Join(different, ", "))
		}
	}
}

// fileAddress matches the URL of a file of the sandbox. It contains the requested host and
// a different token in every answer.
var fileAddress = regexp.MustCompile(`"http://[^/"]+(/[^"?]+)\?access_token=[^"&]*`)

// differ returns the attributes that differ. Attributes that were hidden from the service
// may be absent.
func (l *ledger) differ(ours, theirs map[string]json.RawMessage) []string {
	var names []string
	for name := range theirs {
		if _, there := ours[name]; !there && slices.Contains(l.hidden, name) {
			continue
		}
		if !bytes.Equal(plain(ours[name]), plain(theirs[name])) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// plain removes white space, and the variable parts of file URLs, from a value.
func plain(value json.RawMessage) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return nil
	}
	return fileAddress.ReplaceAll(compact.Bytes(), []byte("$1"))
}

// compareVerdicts checks for every subject that the verdict of its last notification equals
// that of its row, the one computed from the stored objects, and the one computed from the
// sandbox's objects. No two consecutive notifications may have the same verdict.
func (l *ledger) compareVerdicts() {
	compute := l.verdicts()
	told := map[string][]domain.Notification{} // newest first
	for _, n := range all(l.world, l.rows.Notifications) {
		if n.Verdict != "" {
			told[n.Subject] = append(told[n.Subject], n)
		}
	}
	standing, atSandbox := l.subjects(), l.objectsAtSandbox()
	for reference := range told {
		if _, there := standing[reference]; !there {
			l.wrongVerdict("%s was told a verdict, and has none", reference)
		}
	}
	for reference, row := range standing {
		l.figures.subjects++
		stored, err := l.rows.SubjectObjects(l.t.Context(), domain.Sandbox, reference)
		if err != nil {
			l.t.Fatal(err)
		}
		ours, theirs := compute(stored), compute(atSandbox[reference])
		last := domain.Notification{Verdict: domain.VerdictNone}
		if len(told[reference]) > 0 {
			last = told[reference][0]
		}
		if last.Verdict != row.Verdict || last.Sequence != row.Notification {
			l.wrongVerdict("%s was told to be %s by notification %d, and is %s by notification %d", reference, last.Verdict, last.Sequence, row.Verdict, row.Notification)
		}
		if row.Verdict != ours.Verdict || row.Object != ours.Object || row.Status != ours.Status {
			l.wrongVerdict("%s is %s because of %s, and its objects say %s because of %s", reference, row.Verdict, row.Object, ours.Verdict, ours.Object)
		}
		if ours.Verdict != theirs.Verdict || ours.Object != theirs.Object || ours.Status != theirs.Status {
			l.wrongVerdict("%s is %s because of %s, and at the sandbox %s because of %s", reference, ours.Verdict, ours.Object, theirs.Verdict, theirs.Object)
		}
		for i := range told[reference][1:] {
			if told[reference][i].Verdict == told[reference][i+1].Verdict {
				l.doubled("%s was told twice in a row to be %s", reference, told[reference][i].Verdict)
			}
		}
	}
	for _, a := range l.applicants {
		want := domain.VerdictReview
		if slices.ContainsFunc(l.decided[a.inquiry].Actions, approves) {
			want = domain.VerdictApproved
		}
		switch verdict := standing[a.reference].Verdict; {
		case verdict == want:
		case verdict == domain.VerdictApproved:
			l.wrongApproval("%s, who %s, is approved", a.reference, a.name)
		default:
			l.lost("%s, who %s, is %q, not %s", a.reference, a.name, verdict, want)
		}
	}
}

// verdicts computes verdicts with the built-in policy.
func (l *ledger) verdicts() func([]domain.Object) domain.Subject {
	name, source := policy.Default()
	p, err := policy.Load(name, source, domain.Sandbox)
	if err != nil {
		l.t.Fatal(err)
	}
	return advance.Verdicts(p, time.Now()).Of
}

// subjects returns the rows of all subjects by reference id, including applicants without a
// row.
func (l *ledger) subjects() map[string]domain.Subject {
	standing := map[string]domain.Subject{}
	for cursor, more := "", true; more; more = cursor != "" {
		rows, next, err := l.rows.Subjects(l.t.Context(), domain.Sandbox, "", cursor, 100)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, row := range rows {
			standing[row.Reference] = row
		}
		cursor = next
	}
	for _, a := range l.applicants {
		row, err := l.rows.Subject(l.t.Context(), domain.Sandbox, a.reference)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			l.t.Fatal(err)
		}
		if row.Verdict != standing[a.reference].Verdict {
			l.wrongVerdict("%s is %q by its row and %q in the list", a.reference, row.Verdict, standing[a.reference].Verdict)
		}
	}
	return standing
}

// objectsAtSandbox returns the inquiries of every subject at the sandbox, and their cases.
func (l *ledger) objectsAtSandbox() map[string][]domain.Object {
	of, owners := map[string][]domain.Object{}, map[domain.Ref]string{}
	read(l, l.client.Inquiries.List(l.t.Context(), persona.InquiryListParams{Size: 100}), func(o domain.Object) {
		of[o.ReferenceID] = append(of[o.ReferenceID], o)
		owners[o.Ref] = o.ReferenceID
	})
	covered := l.coverageAtSandbox()
	read(l, l.client.Cases.List(l.t.Context(), persona.CaseListParams{Size: 100}), func(o domain.Object) {
		o.Coverage = covered[o.Ref]
		for _, inquiry := range o.Relationships["inquiries"] {
			of[owners[inquiry]] = append(of[owners[inquiry]], o)
		}
	})
	return of
}

// coverageAtSandbox returns what each case at the sandbox was about when it got its status. The
// newest event of a status shows it, and answers about the case do not.
func (l *ledger) coverageAtSandbox() map[domain.Ref]domain.Coverage {
	covered := map[domain.Ref]domain.Coverage{}
	names := []string{"case.created", "case.status-updated", "case.resolved", "case.reopened"}
	for e, err := range l.client.Events.List(l.t.Context(), persona.EventListParams{Size: 100}) { // newest first
		if err != nil {
			l.t.Fatal(err)
		}
		if !slices.Contains(names, e.Attributes.Name) {
			continue
		}
		var payload struct{ Data json.RawMessage }
		raw, err := json.Marshal(e.Attributes.Payload)
		if err == nil {
			err = json.Unmarshal(raw, &payload)
		}
		var c domain.Object
		if err == nil {
			c, err = fold.FromResource(domain.Sandbox, payload.Data)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		if _, newer := covered[c.Ref]; !newer {
			about := slices.Concat(c.Relationships["inquiries"], c.Relationships["accounts"])
			covered[c.Ref] = domain.Coverage{Status: c.Status, At: e.Attributes.CreatedAt.Time, EventID: e.ID, About: about}
		}
	}
	return covered
}

// read iterates over a list at the sandbox.
func read[T json.Marshaler](l *ledger, list iter.Seq2[T, error], each func(domain.Object)) {
	for item, err := range list {
		var raw []byte
		if err == nil {
			raw, err = item.MarshalJSON()
		}
		var o domain.Object
		if err == nil {
			o, err = fold.FromResource(domain.Sandbox, raw)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		each(o)
	}
}
