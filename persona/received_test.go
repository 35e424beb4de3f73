package persona_test

import (
	"encoding/json"
	"testing"

	"github.com/idemhq/idem/persona"
)

func TestReceivedStructsKeepUnknownMembers(t *testing.T) {
	const body = `{"accessToken":"token","brand-new":{"a":[1, 2]},"short_name":null}`
	for name, into := range map[string]interface {
		json.Unmarshaler
		json.Marshaler
		Value(name string) json.RawMessage
	}{
		"OAuthCode":            &persona.OAuthCode{},
		"OAuthToken":           &persona.OAuthToken{},
		"PrivacyPass":          &persona.PrivacyPass{},
		"Relay":                &persona.Relay{},
		"RelayChallenge":       &persona.RelayChallenge{},
		"RelayClaim":           &persona.RelayClaim{},
		"ReportHistoryEntry":   &persona.ReportHistoryEntry{},
		"the meta of a run":    &persona.AccountRunActionResultMeta{},
		"the meta of create":   &persona.InquiryCreateResultMeta{},
		"the meta of resume":   &persona.InquiryResumeResultMeta{},
		"the meta of a link":   &persona.InquiryGenerateOneTimeLinkResultMeta{},
		"the meta of sessions": &persona.InquirySessionGenerateOneTimeLinkResultMeta{},
	} {
		t.Run(name, func(t *testing.T) {
			if err := json.Unmarshal([]byte(body), into); err != nil {
				t.Fatal(err)
			}
			if string(into.Value("brand-new")) != `{"a":[1, 2]}` || string(into.Value("short-name")) != "null" || into.Value("none") != nil {
				t.Errorf("the members are %s and %s", into.Value("brand-new"), into.Value("short-name"))
			}
			if b, err := into.MarshalJSON(); err != nil || string(b) != body {
				t.Errorf("encodes as %s, error %v", b, err)
			}
			if err := into.UnmarshalJSON([]byte(`{"a":`)); err == nil {
				t.Error("broken JSON was read")
			}
		})
	}
	var token persona.OAuthToken
	if err := json.Unmarshal([]byte(body), &token); err != nil || token.AccessToken != "token" {
		t.Errorf("the token is %q, error %v", token.AccessToken, err)
	}
	if b, err := json.Marshal(persona.OAuthToken{AccessToken: "token"}); err == nil {
		t.Errorf("a token that was not received encodes as %s", b)
	}
}
