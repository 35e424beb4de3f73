package action

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

// standing is how the world stands to an action.
type standing int

const (
	toDo     standing = iota // its precondition holds
	there                    // its effect is there already
	hopeless                 // its precondition is gone
)

// judge says how an object stands to an action on it, and why where that is hopeless.
func judge(spec domain.ActionSpec, now domain.Object) (standing, string) {
	if !now.RedactedAt.IsZero() {
		return hopeless, "the " + now.Ref.Family() + " was redacted"
	}
	moved := spec.Expects != "" && now.Status != spec.Expects
	switch spec.Kind {
	case domain.ApproveInquiry, domain.DeclineInquiry:
		wanted := map[domain.ActionKind]string{domain.ApproveInquiry: "approved", domain.DeclineInquiry: "declined"}[spec.Kind]
		switch now.Status {
		case wanted:
			return there, ""
		case "approved", "declined", "expired":
			return hopeless, "the inquiry is " + now.Status + " by now"
		}
		if moved {
			return hopeless, "the inquiry was " + spec.Expects + " when it was decided on, and is " + now.Status + " by now"
		}
	case domain.MarkInquiryForReview:
		switch now.Status {
		case "needs_review":
			return there, ""
		case "approved", "declined", "expired":
			return hopeless, "the inquiry is " + now.Status + " by now"
		}
	case domain.GenerateOneTimeLink:
		if now.Status == "expired" || now.Status == "approved" || now.Status == "declined" {
			return hopeless, "the inquiry is " + now.Status + " by now"
		}
	case domain.SetCaseStatus:
		if now.Status == spec.Arguments["status"] {
			return there, ""
		}
		if resolved := string(now.Attributes["resolved-at"]); resolved != "" && resolved != "null" {
			return hopeless, "the case was resolved as " + now.Status + " meanwhile"
		}
		if moved {
			return hopeless, "the case was " + spec.Expects + " when it was decided on, and is " + now.Status + " by now"
		}
	case domain.TagInquiry, domain.TagCase, domain.TagAccount:
		var tags []string
		_ = json.Unmarshal(now.Attributes["tags"], &tags) // absent, or a list
		if slices.Contains(tags, spec.Arguments["tag"]) {
			return there, ""
		}
	}
	return toDo, ""
}

// traceless reports whether judge cannot see that an action took effect.
func traceless(kind domain.ActionKind) bool {
	return kind == domain.GenerateOneTimeLink || kind == domain.SimulateInquiry
}

// call makes the one call of an action. It returns what the call yields, where it
// yields anything.
func call(ctx context.Context, c *persona.Client, spec domain.ActionSpec, opts ...persona.Option) (json.RawMessage, error) {
	id := spec.Target.ID
	tag := spec.Arguments["tag"]
	var err error
	switch spec.Kind {
	case domain.ApproveInquiry:
		_, err = c.Inquiries.Approve(ctx, id, persona.InquiryApproveParams{}, opts...)
	case domain.DeclineInquiry:
		_, err = c.Inquiries.Decline(ctx, id, persona.InquiryDeclineParams{}, opts...)
	case domain.MarkInquiryForReview:
		_, err = c.Inquiries.MarkForReview(ctx, id, opts...)
	case domain.SetCaseStatus:
		_, err = c.Cases.SetStatus(ctx, id, persona.CaseSetStatusParams{Status: spec.Arguments["status"]}, opts...)
	case domain.TagInquiry:
		_, err = c.Inquiries.AddTag(ctx, id, persona.InquiryAddTagParams{TagName: persona.Set(tag)}, opts...)
	case domain.TagCase:
		_, err = c.Cases.AddTag(ctx, id, persona.CaseAddTagParams{TagName: persona.Set(tag)}, opts...)
	case domain.TagAccount:
		_, err = c.Accounts.AddTag(ctx, id, persona.AccountAddTagParams{TagName: persona.Set(tag)}, opts...)
	case domain.SimulateInquiry:
		var actions []persona.SimulateAction
		for _, name := range strings.Fields(spec.Arguments["actions"]) {
			actions = append(actions, persona.SimulateAction{Type: name})
		}
		_, err = c.Inquiries.PerformSimulateActions(ctx, id, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions}, opts...)
	case domain.GenerateOneTimeLink:
		link, err := c.Inquiries.GenerateOneTimeLink(ctx, id, persona.InquiryGenerateOneTimeLinkParams{}, opts...)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"one_time_link": link.Meta.OneTimeLink, "one_time_link_short": link.Meta.OneTimeLinkShort})
	default:
		err = fmt.Errorf("there is no call for %s", spec.Kind)
	}
	return nil, err
}
