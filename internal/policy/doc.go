// Package policy turns the facts about a transition into a decision by a versioned set of
// rules. Rules are written in YAML, with conditions in CEL. The package does no I/O.
//
// [Load] reads a policy and rejects one that could not work as written. [Policy.Decide]
// tries the rules in the order of the file. The first rule whose condition holds decides,
// and no other:
//
//	version: "2026-11-01"
//	reapply: review
//	case_statuses: {Open: review, Approved: approved, Declined: declined}
//	thresholds: {failed_checks: 0}
//	rules:
//	  - name: tag some countries
//	    on: {object: inquiry, to: [completed]}
//	    when: inquiry.fields["address-country-code"] in ["XX"]
//	    then: [{tag_inquiry: country}]
//	    continue: true
//	  - name: approve what passed
//	    on: {object: inquiry, to: [completed]}
//	    when: passed("government-id") && size(failed_checks) <= thresholds.failed_checks && clear(reports)
//	    then:
//	      - approve_inquiry
//	      - set_case_status: Approved
//	    explain: every required check passed
//	  - name: review the rest
//	    on: {object: inquiry, to: [completed]}
//	    otherwise: true
//	    then: [mark_inquiry_for_review]
//
// Missing data never approves anybody. A rule that cannot be evaluated leads to a review.
// So does a rule that would approve while facts are missing, or after an older inquiry was
// declined. A rule that approves is rejected if its condition could become true because a
// value is absent.
//
// Conditions are typed. The variables are a table (facts.go), the types of objects are
// derived from the SDK's structs (attributes.go), and an attribute is read when a condition
// uses it (record.go). docs/service.md lists the variables and functions.
package policy
