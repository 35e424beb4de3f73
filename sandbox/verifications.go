package sandbox

// lockedAttribute is set while an investigation locks a verification.
const lockedAttribute = "_locked"

// escalated is set once a verification was handed to a person.
const escalated = "_escalated"

func verificationOperations() map[string]operation {
	operations := map[string]operation{
		"Verifications.Get": func(c *call) (*answer, error) { return c.answerFound("verification") },
		"Verifications.Print": func(c *call) (*answer, error) {
			found, err := c.answerFound("verification")
			if err != nil {
				return nil, err
			}
			return c.printed("Verification", found.one), nil
		},
		"Verifications.Redact": func(c *call) (*answer, error) {
			v, err := c.find("verification")
			switch {
			case err != nil:
				return nil, err
			case v.attributes["redacted-at"] != nil:
				return nil, conflict("Verification already redacted")
			case v.attributes[lockedAttribute] == true:
				return nil, conflict("the verification is locked for an investigation")
			}
			c.redactEvidence(v)
			return &answer{one: v}, nil
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
		operations["Verifications."+method] = func(c *call) (*answer, error) {
			found, err := c.answerFound("verification")
			if err == nil && found.one.typ != "verification/"+typ {
				return nil, notFound("")
			}
			return found, err
		}
	}
	return operations
}

func lockVerification(locked bool) operation {
	return func(c *call) (*answer, error) {
		v, err := c.find("verification")
		if err != nil {
			return nil, err
		}
		v.attributes[lockedAttribute] = locked
		if inquiry := c.get(v.one("inquiry")); !locked && inquiry != nil {
			c.remind(c.now, inquiry.id) // that is being redacted, or its account
			c.remind(c.now, inquiry.one("account"))
		}
		return &answer{one: v}, nil
	}
}
