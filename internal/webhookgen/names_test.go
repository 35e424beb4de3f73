package main

import (
	"testing"

	"github.com/idemhq/idem/internal/openapi"
)

func TestIdentifier(t *testing.T) {
	for event, want := range map[string]string{
		"inquiry.approved":                       "InquiryApproved",
		"inquiry.marked-for-review":              "InquiryMarkedForReview",
		"case.sla-expired":                       "CaseSLAExpired",
		"report/address-lookup.ready":            "ReportAddressLookupReady",
		"report/crypto_address.matched":          "ReportCryptoAddressMatched",
		"report/crypto-address-watchlist.ready":  "ReportCryptoAddressWatchlistReady",
		"connect/share-token.inbound-created":    "ConnectShareTokenInboundCreated",
		"report-politically-exposed-person":      "ReportPoliticallyExposedPerson",
		"report/finra-broker-check.errored":      "ReportFINRABrokerCheckErrored",
		"inquiry-template-version.published":     "InquiryTemplateVersionPublished",
		"transaction.sentinel-session-processed": "TransactionSentinelSessionProcessed",
	} {
		if got := identifier(event); got != want {
			t.Errorf("identifier(%q) = %s, want %s", event, got, want)
		}
	}
}

func TestEveryEventHasAnIdentifierOfItsOwn(t *testing.T) {
	if _, err := openapi.Dir(); err != nil {
		t.Skip(err)
	}
	events, err := read()
	if err != nil {
		t.Fatal(err)
	}
	described := 0
	names := make(map[string]string)
	for _, e := range events {
		if other, taken := names[identifier(e.name)]; taken {
			t.Errorf("%s and %s are both %s", e.name, other, identifier(e.name))
		}
		names[identifier(e.name)] = e.name
		if e.resource != "" {
			described++
		}
	}
	if len(events) != 249 || described != 130 {
		t.Errorf("%d events, %d described; want 249 and 130", len(events), described)
	}
}
