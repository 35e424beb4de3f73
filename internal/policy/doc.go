// Package policy decides: a versioned set of rules, written in YAML with conditions
// in CEL, turns facts about an object's transition into outcomes. It is pure.
//
// A rule names the transitions it is for, a condition over the facts, and what to do:
//
//	version: "2026-11-01"
//	case_statuses: {Open: review, Approved: approved, Declined: declined}
//	thresholds: {failed_checks: 0}
//	rules:
//	  - name: approve what passed
//	    on: {object: inquiry, to: [completed]}
//	    when: size(verifications) > 0 && double(size(failed_checks)) <= thresholds.failed_checks
//	    then:
//	      - approve_inquiry
//	      - set_case_status: Approved
//	    explain: every required check passed
//
// Conditions see, with attributes in snake_case:
//
//	environment    sandbox or production
//	transition     from, to, event
//	inquiry        the inquiry: id, type, status, and its attributes
//	account        its account, empty where it is not known
//	cases          the cases it is attached to
//	verifications  its verifications
//	reports        its reports
//	failed_checks  the names of the required checks that failed; the type of a
//	               verification that failed without naming one
//	thresholds     the numbers of the policy
//
// Actions on cases go to every case the inquiry is attached to; where there is none
// they are left out. [Load] refuses what could never do what it says: a condition that
// is always false, a threshold that is not defined, a misspelled status. Every rule whose condition holds fires, in the order of the
// file.
package policy
