package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	lockedAttribute = "_locked"    // true while a verification is locked for an investigation
	Escalated       = "_escalated" // true if a verification was escalated to a person
)

func verificationOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Verifications.Get":                 engine.Get("verification"),
		"Verifications.Print":               printed("Verification", "verification"),
		"Verifications.Redact":              redactOnce("verification", edit("verification", redactVerification)),
		"Verifications.InvestigationLock":   edit("verification", setLocked(true)),
		"Verifications.InvestigationUnlock": edit("verification", setLocked(false)),
	}
	for method, kind := range map[string]string{
		"GetAAMVA": "aamva", "GetDatabaseECBSV": "database-ecbsv", "GetDatabasePhoneCarrier": "database-phone-carrier",
		"GetDatabaseSerpro": "database-serpro", "GetDatabaseStandard": "database-standard", "GetDatabaseTIN": "database-tin",
		"GetDatabase": "database", "GetDocument": "document", "GetEmailAddress": "email-address", "GetGovernmentID": "government-id",
		"GetGovernmentIDNFC": "government-id-nfc", "GetPhoneNumber": "phone-number", "GetSelfie": "selfie",
	} {
		operations["Verifications."+method] = engine.Get("verification/" + kind)
	}
	return operations
}

func redactVerification(c *engine.Call, v *storage.Resource) error {
	switch {
	case v.Attributes["redacted-at"] != nil:
		return engine.Conflict("Verification already redacted")
	case v.Attributes[lockedAttribute] == true:
		return engine.Conflict("the verification is locked for an investigation")
	}
	redactEvidence(c.Change, v)
	return nil
}

// setLocked returns a change that locks or unlocks a verification. Unlocking continues the
// redaction of the inquiry or its account, if it waits for that.
func setLocked(locked bool) func(*engine.Call, *storage.Resource) error {
	return func(c *engine.Call, v *storage.Resource) error {
		v.Attributes[lockedAttribute] = locked
		if inquiry := c.Get(v.One("inquiry")); !locked && inquiry != nil {
			c.Schedule(c.Now, inquiry.ID)
			c.Schedule(c.Now, inquiry.One("account"))
		}
		return nil
	}
}
