package idem

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"
)

// Verdict says whether a person may proceed. Only [VerdictApproved] means yes; treat a verdict
// that you do not know like [VerdictReview].
type Verdict string

// The verdicts.
const (
	VerdictNone     Verdict = "none"     // nothing is known
	VerdictPending  Verdict = "pending"  // the person has begun, or must begin
	VerdictReview   Verdict = "review"   // somebody must look
	VerdictApproved Verdict = "approved" // the person may proceed
	VerdictDeclined Verdict = "declined"
	VerdictExpired  Verdict = "expired"
	VerdictRedacted Verdict = "redacted" // the person's data was deleted
)

// Object names a resource at Persona.
type Object struct {
	Type string `json:"type"` // such as inquiry or case
	ID   string `json:"id"`   // such as inq_…
}

// Subject is a person or business that your application asks about, with the verdict.
type Subject struct {
	Reference string    `json:"reference"` // your id
	Verdict   Verdict   `json:"verdict"`
	Object    Object    `json:"object"`  // what the verdict is based on; zero for VerdictNone
	Status    string    `json:"status"`  // of that object, at Persona
	Since     time.Time `json:"since"`   // when the verdict last changed; zero for VerdictNone
	Version   int64     `json:"version"` // grows with every change; 0 for VerdictNone
}

var errNoReference = errors.New("idem: the reference is empty")

// Subject returns the verdict on a subject. One that the service does not know has
// [VerdictNone].
func (c *Client) Subject(ctx context.Context, reference string) (Subject, error) {
	if reference == "" {
		return Subject{}, errNoReference
	}
	var s Subject
	err := c.call(ctx, "read a subject", "subjects/"+segment(reference), nil, nil, &s)
	return s, err
}

// Subjects lists the subjects with a verdict, or all if it is "". Those that have had their
// verdict the longest come first. The iteration ends after the first error.
func (c *Client) Subjects(ctx context.Context, verdict Verdict) iter.Seq2[Subject, error] {
	query := url.Values{}
	if verdict != "" {
		query.Set("verdict", string(verdict))
	}
	return pages[Subject](ctx, c, "list subjects", "subjects", "after", query)
}
