// Package policy decides: a versioned set of rules, written in YAML with conditions in
// CEL, turns the facts about an object's transition into one outcome. It is pure.
//
// [Load] reads a policy and refuses what could not do what it says. [Policy.Decide]
// tries the rules in the order of the file; the first whose condition holds decides,
// alone:
//
//	version: "2026-11-01"
//	reapply: review
//	case_statuses: {Open: review, Approved: approved, Declined: declined}
//	thresholds: {failed_checks: 0}
//	rules:
//	  - name: tag doubtful countries
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
// Nobody is approved because something is not known. A rule that cannot be evaluated
// means that a person must look, and so does a rule that would approve while facts are
// missing, or after an older inquiry was declined. A condition that would hold because a
// value is absent is refused where its rule approves.
//
// Conditions are typed: the types of objects are made from the SDK's structs
// (attributes.go), and an attribute is read when a condition asks for it (record.go).
// docs/service.md lists the variables and functions.
package policy
