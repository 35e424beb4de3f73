package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

func TestThePageSpeaksTheLanguageThatIsAskedFor(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for name, test := range map[string]struct{ parameter, browser, language, title string }{
		"English without a wish":           {"", "", "en", "Verify your identity"},
		"German":                           {"&language=de", "", "de", "Bestätigen Sie Ihre Identität"},
		"French of a country":              {"&language=fr-CA", "", "fr", "Vérifiez votre identité"},
		"Spanish, written otherwise":       {"&language=es_MX", "", "es", "Verifique su identidad"},
		"the parameter before the browser": {"&language=de", "fr", "de", "Bestätigen Sie Ihre Identität"},
		"the browser's second language":    {"", "ja, fr;q=0.8, en;q=0.5", "fr", "Vérifiez votre identité"},
		"a language that there is not":     {"&language=ja", "", "en", "Verify your identity"},
		"the browser's instead of Polish":  {"&language=pl", "de-AT", "de", "Bestätigen Sie Ihre Identität"},
		"markup":                           {"&language=%22%3E%3Cb%3E", "<b>", "en", "Verify your identity"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), "GET", server.url+"/verify?environment=sandbox&inquiry-template-id="+sandbox.InquiryTemplateID+test.parameter, nil)
			ok(t, err)
			if test.browser != "" {
				request.Header.Set("Accept-Language", test.browser)
			}
			page := newBrowser(t).load(request)
			page.sees(`<html lang="` + test.language + `"`)
			page.sees("<h1>" + test.title)
		})
	}
}

func TestALanguageStaysUntilTheEnd(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	person := newBrowser(t).open(server.url + "/verify?language=de&environment=sandbox&inquiry-template-id=" + sandbox.InquiryTemplateID)
	person.press("begin", "").sees("Ausweis")
	person.press("submit", "passed").press("submit", "passed").press("skip", "").sees("Dokument")
	person.press("skip", "").sees("Sie sind fertig")
	person.press("finish", "needs_review").sees("Die Überprüfung ist zur Prüfung vorgemerkt")
	person.open(server.url + "/verify?language=de&code=us1-no").sees("Der Link wurde schon benutzt")
	if strings.Contains(person.page, "The link") {
		t.Errorf("the error is in two languages: %s", person.page)
	}
}

func TestTheOtherPageGetsErrorsInEnglish(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	page := newBrowser(t).open(server.url + "/widget?language=fr&container-id=c&iframe-origin=http://localhost:1&inquiry-template-id=itmpl_no")
	page.sees("Aucun modèle n'a cet identifiant")
	page.sees(`"message":"There is no template with this id."`)
}
