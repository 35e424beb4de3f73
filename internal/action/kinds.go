package action

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// kinds returns the table.
func kinds() []Kind {
	return []Kind{
		{
			Name: domain.ApproveInquiry, Target: "inquiry",
			SameStatus: true, asks: always(domain.VerdictApproved), check: becomes("approved"),
			call: func(ctx context.Context, c *persona.Client, id, _ string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Inquiries.Approve(ctx, id, persona.InquiryApproveParams{}, opts...))
			},
		},
		{
			Name: domain.DeclineInquiry, Target: "inquiry",
			SameStatus: true, asks: always(domain.VerdictDeclined), check: becomes("declined"),
			call: func(ctx context.Context, c *persona.Client, id, _ string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Inquiries.Decline(ctx, id, persona.InquiryDeclineParams{}, opts...))
			},
		},
		{
			Name: domain.MarkInquiryForReview, Target: "inquiry",
			check: becomes("needs_review"),
			call: func(ctx context.Context, c *persona.Client, id, _ string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Inquiries.MarkForReview(ctx, id, opts...))
			},
		},
		{
			Name: domain.GenerateOneTimeLink, Target: "inquiry", Adds: true, Traceless: true,
			check: func(_ string, now domain.Object) (Precondition, string) { return undecided(now) },
			call:  generateLink,
		},
		{
			Name: domain.SetCaseStatus, Target: "case", Argument: "status",
			SameStatus: true, check: unresolved,
			asks: func(v domain.Verdict, status string, statuses map[string]domain.Verdict) bool {
				return statuses[status] == v
			},
			call: func(ctx context.Context, c *persona.Client, id, status string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Cases.SetStatus(ctx, id, persona.CaseSetStatusParams{Status: status}, opts...))
			},
		},
		{
			Name: domain.TagInquiry, Target: "inquiry", Argument: "tag", Adds: true, check: untagged,
			call: func(ctx context.Context, c *persona.Client, id, tag string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Inquiries.AddTag(ctx, id, persona.InquiryAddTagParams{TagName: persona.Set(tag)}, opts...))
			},
		},
		{
			Name: domain.TagCase, Target: "case", Argument: "tag", Adds: true, check: untagged,
			call: func(ctx context.Context, c *persona.Client, id, tag string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Cases.AddTag(ctx, id, persona.CaseAddTagParams{TagName: persona.Set(tag)}, opts...))
			},
		},
		{
			Name: domain.TagAccount, Target: "account", Argument: "tag", Adds: true, check: untagged,
			call: func(ctx context.Context, c *persona.Client, id, tag string, opts []persona.Option) (json.RawMessage, error) {
				return nil, errorOf(c.Accounts.AddTag(ctx, id, persona.AccountAddTagParams{TagName: persona.Set(tag)}, opts...))
			},
		},
		{
			Name: domain.SimulateInquiry, Target: "inquiry", Argument: "actions", SandboxOnly: true, Traceless: true,
			asks: simulationAsksFor, call: simulate,
		},
	}
}

// errorOf drops the result of a call and returns its error.
func errorOf[T any](_ T, err error) error { return err }

// always returns an AsksFor function for kinds that always ask for the same verdict.
func always(one domain.Verdict) func(domain.Verdict, string, map[string]domain.Verdict) bool {
	return func(v domain.Verdict, _ string, _ map[string]domain.Verdict) bool { return v == one }
}

// becomes returns the precondition of an action that gives an inquiry the status wanted.
func becomes(wanted string) func(string, domain.Object) (Precondition, string) {
	return func(_ string, now domain.Object) (Precondition, string) {
		if now.Status == wanted {
			return Reached, ""
		}
		return undecided(now)
	}
}

// undecided requires that an inquiry is in no final status.
func undecided(now domain.Object) (Precondition, string) {
	switch now.Status {
	case "approved", "declined", "expired":
		return Unmet, "the inquiry is " + now.Status + " by now"
	default:
		return Holds, ""
	}
}

// unresolved requires that a case is not resolved with another status.
func unresolved(status string, now domain.Object) (Precondition, string) {
	if now.Status == status {
		return Reached, ""
	}
	if resolved := string(now.Attributes["resolved-at"]); resolved != "" && resolved != "null" {
		return Unmet, "the case was resolved as " + now.Status + " meanwhile"
	}
	return Holds, ""
}

// untagged requires that an object lacks a tag. Case does not matter: Persona writes tags in
// capitals.
func untagged(tag string, now domain.Object) (Precondition, string) {
	var tags []string
	_ = json.Unmarshal(now.Attributes["tags"], &tags) // empty if absent
	if slices.ContainsFunc(tags, func(have string) bool { return strings.EqualFold(have, tag) }) {
		return Reached, ""
	}
	return Holds, ""
}

// generateLink returns a one-time link, which is a credential.
func generateLink(ctx context.Context, c *persona.Client, id, _ string, opts []persona.Option) (json.RawMessage, error) {
	link, err := c.Inquiries.GenerateOneTimeLink(ctx, id, persona.InquiryGenerateOneTimeLinkParams{}, opts...)
	if err != nil {
		return nil, err
	}
	if link.ID != id { // a proxy has mixed up answers: the link is for somebody else
		return nil, errors.New("the answer from Persona is about another inquiry")
	}
	return json.Marshal(map[string]string{"one_time_link": link.Meta.OneTimeLink, "one_time_link_short": link.Meta.OneTimeLinkShort})
}

// simulationAsksFor reports whether a list of simulate actions asks for a verdict.
func simulationAsksFor(v domain.Verdict, names string, _ map[string]domain.Verdict) bool {
	name := map[domain.Verdict]string{domain.VerdictApproved: "approve_inquiry", domain.VerdictDeclined: "decline_inquiry"}[v]
	return name != "" && slices.Contains(strings.Fields(names), name)
}

func simulate(ctx context.Context, c *persona.Client, id, names string, opts []persona.Option) (json.RawMessage, error) {
	var actions []persona.SimulateAction
	for _, name := range strings.Fields(names) {
		actions = append(actions, persona.SimulateAction{Type: name})
	}
	_, err := c.Inquiries.PerformSimulateActions(ctx, id, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions}, opts...)
	return nil, err
}
