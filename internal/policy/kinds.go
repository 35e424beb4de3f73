package policy

import "strings"

// verificationKinds returns the kinds of verification that the SDK knows (OpenAPI
// 2025-12-08).
func verificationKinds() []string {
	return strings.Fields(`
		aamva bank-pennydrop brand-asset business-website certificate-korea credit-card
		database database-aadhaar database-business database-business-footprint
		database-ecbsv database-phone-carrier database-serpro database-standard
		database-tin database-vat-number
		digital-id-connect-id digital-id-e-do-app digital-id-finnish-trust-network
		digital-id-france-identite digital-id-generic digital-id-idin digital-id-its-me
		digital-id-kcb-credit-card digital-id-mit-id digital-id-one-id digital-id-philsys
		digital-id-serpro digital-id-singpass digital-id-swedish-bank-id
		digital-id-uk-sharecode digital-id-world-id
		document email-address government-id government-id-nfc jp-my-number-nfc-scan mdoc
		persona-fff-inquiry phone-number phone-number-silent-network-authentication
		qes-infocert selfie verifiable-credential`)
}

// reportKinds returns the kinds of report that the SDK knows (OpenAPI 2025-12-08).
func reportKinds() []string {
	return strings.Fields(`
		address-lookup adverse-media business-adverse-media business-associated-persons
		business-lookup business-registrations-lookup business-watchlist
		crypto-address-watchlist email-address integration/sentilink-scores phone-number
		politically-exposed-person profile profile-non-authoritative social-media synthetic
		watchlist`)
}
