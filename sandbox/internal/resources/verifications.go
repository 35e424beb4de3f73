package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// lockedAttribute is set while an investigation locks a verification.
const lockedAttribute = "_locked"

// escalated is set once a verification was handed to a person.
const Escalated = "_escalated"

func verificationOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Verifications.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("verification") },
		"Verifications.Print": func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("verification")
			if err != nil {
				return nil, err
			}
			return c.Printed("Verification", found.One), nil
		},
		"Verifications.Redact": func(c *engine.Call) (*engine.Answer, error) {
			v, err := c.Find("verification")
			switch {
			case err != nil:
				return nil, err
			case v.Attributes["redacted-at"] != nil:
				return nil, engine.Conflict("Verification already redacted")
			case v.Attributes[lockedAttribute] == true:
				return nil, engine.Conflict("the verification is locked for an investigation")
			}
			redactEvidence(c.Change, v)
			return &engine.Answer{One: v}, nil
		},
		"Verifications.InvestigationLock":   lockVerification(true),
		"Verifications.InvestigationUnlock": lockVerification(false),
	}
	for method, typ := range map[string]string{
		"GetAAMVA": "aamva", "GetDatabaseECBSV": "database-ecbsv", "GetDatabasePhoneCarrier": "database-phone-carrier",
		"GetDatabaseSerpro": "database-serpro", "GetDatabaseStandard": "database-standard", "GetDatabaseTIN": "database-tin",
		"GetDatabase": "database", "GetDocument": "document", "GetEmailAddress": "email-address", "GetGovernmentID": "government-id",
		"GetGovernmentIDNFC": "government-id-nfc", "GetPhoneNumber": "phone-number", "GetSelfie": "selfie",
	} {
		operations["Verifications."+method] = func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("verification")
			if err == nil && found.One.Typ != "verification/"+typ {
				return nil, engine.NotFound("")
			}
			return found, err
		}
	}
	return operations
}

func lockVerification(locked bool) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		v, err := c.Find("verification")
		if err != nil {
			return nil, err
		}
		v.Attributes[lockedAttribute] = locked
		if inquiry := c.Get(v.One("inquiry")); !locked && inquiry != nil {
			c.Schedule(c.Now, inquiry.ID) // that is being redacted, or its account
			c.Schedule(c.Now, inquiry.One("account"))
		}
		return &engine.Answer{One: v}, nil
	}
}
