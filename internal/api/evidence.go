package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// Evidence says why a subject has its verdict: the decisions on the object that the verdict
// comes from, each with what it was based on. It has names, ids and statuses only.
type Evidence struct {
	Subject Subject         `json:"subject"`
	Reason  string          `json:"reason" doc:"where the verdict comes from, in words"`
	Reasons []DecisionBasis `json:"reasons" doc:"the decisions on that object, newest first; at most five"`
}

// DecisionBasis is a decision with what it was based on.
type DecisionBasis struct {
	Decision
	FailedChecks   []string       `json:"failed_checks" doc:"required checks that failed in the verifications that count"`
	Verifications  []EvidenceItem `json:"verifications"`
	Reports        []EvidenceItem `json:"reports"`
	Inquiries      []EvidenceItem `json:"inquiries"`
	Cases          []EvidenceItem `json:"cases"`
	DeclinedBefore bool           `json:"declined_before" doc:"an older inquiry of the person was declined"`
	Missing        []string       `json:"missing" doc:"facts that could not be read"`
}

// EvidenceItem is an object that a decision was based on.
type EvidenceItem struct {
	Object   domain.Ref      `json:"object"`
	Status   string          `json:"status"`
	HasMatch *bool           `json:"has_match" doc:"of a report; null if unknown"`
	Checks   []EvidenceCheck `json:"checks,omitempty" doc:"of a verification"`
}

// EvidenceCheck is a check of a verification.
type EvidenceCheck struct {
	Name        string `json:"name"`
	Status      string `json:"status"`
	Requirement string `json:"requirement,omitempty"`
}

// maxReasons is the number of decisions that evidence has at most.
const maxReasons = 5

func (s *server) getEvidence(ctx context.Context, in *SubjectInput) (*struct{ Body Evidence }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	subject, err := s.Store.Subject(ctx, env, string(in.Reference))
	if errors.Is(err, store.ErrNotFound) { // an unknown subject has a verdict too
		subject, err = domain.Subject{Reference: string(in.Reference), Verdict: domain.VerdictNone}, nil
	}
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	shown := Evidence{Subject: showSubject(subject), Reason: "nothing is known about this reference id", Reasons: []DecisionBasis{}}
	if subject.Object.IsZero() {
		return &struct{ Body Evidence }{shown}, nil
	}
	shown.Reason = fmt.Sprintf("the %s %s is %s", subject.Object.Family(), subject.Object.ID, subject.Status)
	page, err := s.Store.Decisions(ctx, env, store.Filter{Object: subject.Object, Limit: maxReasons})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	for _, row := range page.Rows {
		d, err := s.Store.Decision(ctx, env, row.ID)
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		shown.Reasons = append(shown.Reasons, basisOf(d))
	}
	return &struct{ Body Evidence }{shown}, nil
}

// basisOf returns what a decision was based on. Facts that cannot be decoded are missing.
func basisOf(d domain.Decision) DecisionBasis {
	b := DecisionBasis{Decision: showDecision(d)}
	var facts policy.Facts
	if len(d.Facts) > 0 && json.Unmarshal(d.Facts, &facts) != nil {
		facts = policy.Facts{Missing: []string{"the stored facts cannot be decoded"}}
	}
	b.FailedChecks = policy.FailedChecks(facts.Verifications)
	b.Verifications, b.Reports = showAll(facts.Verifications, evidenceOf), showAll(slices.Concat(facts.Reports, facts.AccountReports), evidenceOf)
	b.Inquiries, b.Cases = showAll(facts.Inquiries, evidenceOf), showAll(facts.Cases, evidenceOf)
	b.DeclinedBefore, b.Missing = facts.DeclinedBefore, append([]string{}, facts.Missing...)
	return b
}

// evidenceOf shows the outcome of an object, without values of a person.
func evidenceOf(o domain.Object) EvidenceItem {
	item := EvidenceItem{Object: o.Ref, Status: o.Status}
	_ = json.Unmarshal(o.Attributes["has-match"], &item.HasMatch) // null if absent
	var checks []EvidenceCheck
	_ = json.Unmarshal(o.Attributes["checks"], &checks) // empty if absent
	item.Checks = checks
	return item
}
