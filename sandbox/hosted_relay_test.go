package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAPersonAnswersARelayOnItsPage(t *testing.T) {
	t.Parallel()
	for outcome, consumed := range map[string]bool{"passed": true, "failed": false} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			client := server.client()
			relay, pass := newRelay(t, client, ""), newPass(t, client, claim)
			server.Advance(time.Second) // a result without a person
			person := newBrowser(t).open(server.url + "/relay?theme=dark&relay-session-access-token=" + url.QueryEscape(relay.RelaySessionAccessToken))
			person.sees("over 18 years old, United Kingdom")
			person.sees(`class="dark"`)
			person.press("submit", outcome).sees("You can close this page")
			person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {map[string]string{"passed": "failed", "failed": "passed"}[outcome]}})
			got, err := redeem(t, client, relay, pass)
			ok(t, err)
			if got.TokenConsumed != consumed || !strings.Contains(got.ClaimPayload, `"claim_result":"`+outcome+`"`) {
				t.Errorf("the claim is %+v", got)
			}
		})
	}
}

func TestThePageOfARelaySpeaksTheLanguageThatIsAskedFor(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	for name, test := range map[string]struct{ parameter, browser, language, question, thanks, ended string }{
		"English without a wish": {"", "", "en", "The website asks: over 18 years old, United Kingdom.", "You can close this page", "there is no such relay"},
		"German":                 {"&language=de", "", "de", "Die Website fragt: über 18 Jahre alt, Vereinigtes Königreich.", "Sie können diese Seite schließen", "es gibt dieses Relay nicht"},
		"French of a country":    {"&language=fr-CA", "", "fr", "Le site demande : plus de 18 ans, Royaume-Uni.", "Vous pouvez fermer cette page", "ce relais n'existe pas"},
		"the browser's Spanish":  {"", "es", "es", "El sitio pregunta: mayor de 18 años, Reino Unido.", "Puede cerrar esta página", "ese relay no existe"},
	} {
		t.Run(name, func(t *testing.T) {
			person := newBrowser(t)
			open := func(token string) *browser {
				request, err := http.NewRequestWithContext(t.Context(), "GET", server.url+"/relay?relay-session-access-token="+url.QueryEscape(token)+test.parameter, nil)
				ok(t, err)
				if test.browser != "" {
					request.Header.Set("Accept-Language", test.browser)
				}
				page := person.load(request)
				page.sees(`<html lang="` + test.language + `"`)
				return page
			}
			token := newRelay(t, client, "").RelaySessionAccessToken
			open(token).sees(test.question)
			person.press("submit", "passed")
			open(token).sees(test.thanks)
			open("nothing").sees(test.ended)
		})
	}
}

// The SDKs for Relay send no sandbox flag: everything of theirs is in production.
func TestARelayWithoutAFlagIsAnsweredInProduction(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.production()
	relay, err := client.Relays.Create(t.Context(), persona.RelayCreateParams{ClaimType: claim})
	ok(t, err)
	person := newBrowser(t).open(server.url + "/relay?relay-session-access-token=" + url.QueryEscape(relay.RelaySessionAccessToken))
	person.sees("environment: production")
	person.press("submit", "passed").sees("You can close this page")
}

func TestAResultThatWasReadDoesNotChange(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	relay := newRelay(t, client, "")
	server.Advance(time.Second)
	_, err := redeem(t, client, relay, newPass(t, client, claim))
	ok(t, err)
	address := server.url + "/relay?relay-session-access-token=" + url.QueryEscape(relay.RelaySessionAccessToken)
	person := newBrowser(t).open(address)
	person.sees("Thank you")
	person.post(address, url.Values{"outcome": {"failed"}})
	got, err := redeem(t, client, relay, newPass(t, client, claim))
	ok(t, err)
	if !strings.Contains(got.ClaimPayload, `"claim_result":"passed"`) {
		t.Errorf("the claim is %+v", got)
	}
}

func TestThePageOfARelayIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	relay := newRelay(t, server.client(), "")
	address := server.url + "/relay?relay-session-access-token=" + url.QueryEscape(relay.RelaySessionAccessToken)
	session := newBrowser(t).open(server.url+"/verify?environment=sandbox&inquiry-template-id="+sandbox.InquiryTemplateID).press("begin", "").at.Query().Get("session-token")
	refused := func(name, method, address string, status int, headers ...string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("outcome=passed"))
		ok(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		if page := newBrowser(t).load(request); page.status != status {
			t.Errorf("%s: %d", name, page.status)
		}
	}
	refused("with a referrer of another site", "GET", address, 403, "Referer", "https://shop.example.com/")
	refused("with a referrer of its own", "GET", address, 200, "Referer", server.url+"/relay")
	refused("without a token", "GET", server.url+"/relay", 409)
	refused("with the token of an inquiry", "GET", server.url+"/relay?relay-session-access-token="+session, 409)
	refused("with a wrong outcome", "POST", server.url+"/relay?relay-session-access-token=x", 409)
	refused("from another site", "POST", address, 400, "Sec-Fetch-Site", "cross-site")
	server.Advance(31 * time.Minute)
	refused("after half an hour", "GET", address, 409)
}
