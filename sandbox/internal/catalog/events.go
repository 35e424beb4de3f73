package catalog

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/persona/webhook"
)

// EventNames returns the names of the events that the sandbox emits: the part after the dot
// by the part before it. Tests check that it emits each of them and no other.
func EventNames() map[string]string {
	return map[string]string{
		"account": "added-relation archived consolidated consolidated-with created redacted removed-relation restored status-updated " +
			"tag-added tag-removed updated-fields updated-tags",
		"case":                     "assigned created exported queue-updated redacted reopened resolved sla-expired status-updated updated-fields updated-tags",
		"case-comment":             "created",
		"inquiry-template-version": "created published",
		"connect/share-token":      "inbound-created inbound-redeemed outbound-created outbound-redeemed",
		"document":                 "created errored extracted pending processed submitted",
		"graph-query":              "cancelled completed errored reran submitted timed-out",
		"importer-pipeline-run":    "canceled completed errored paused resumed started",
		"inquiry": "approved completed created declined expired failed marked-for-review redacted reusable-persona-created " +
			"reusable-persona-used started transitioned updated-tags",
		"inquiry-session":  "canceled expired started",
		"selfie":           "created errored processed submitted",
		"transaction":      "added-relation created labeled redacted removed-relation sentinel-session-processed status-updated updated-fields",
		"transaction-type": "deleted-field",
		"verification":     "canceled created escalated failed passed requires-retry skipped submitted tentatively-failed tentatively-passed updated-tags",
		"workflow-run":     "created errored resumed",

		"report/address-lookup":                "errored ready submitted",
		"report/adverse-media":                 "dismissed errored matched ready",
		"report/business-adverse-media":        "dismissed errored matched ready",
		"report/business-associated-persons":   "errored ready",
		"report/business-lookup":               "errored ready",
		"report/business-registrations-lookup": "errored ready",
		"report/business-watchlist":            "dismissed errored matched ready",
		"report/crypto-address-watchlist":      "errored matched ready",
		"report/email-address":                 "errored ready",
		"report/phone-number":                  "errored ready",
		"report/politically-exposed-person":    "dismissed errored matched ready",
		"report/profile":                       "errored ready",
		"report/profile-non-authoritative":     "errored ready",
		"report/sentilink-scores":              "errored ready",
		"report/social-media":                  "errored ready",
		"report/synthetic":                     "errored ready",
		"report/watchlist":                     "dismissed errored matched ready",
	}
}

// Emits reports whether the sandbox emits an event.
func Emits(name string) bool {
	subject, what, _ := strings.Cut(name, ".")
	return slices.Contains(strings.Fields(EventNames()[subject]), what)
}

// EventCoverage returns the events of Persona's documents that the sandbox emits, and those
// that it does not.
func EventCoverage() (emitted, missing []webhook.Name) {
	for _, name := range webhook.Documented() {
		if Emits(string(name)) {
			emitted = append(emitted, name)
		} else {
			missing = append(missing, name)
		}
	}
	return emitted, missing
}
