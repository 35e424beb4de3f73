package pages

import (
	"fmt"
	"maps"
	"net/http"
	"sync"

	"golang.org/x/text/language"

	"github.com/idemhq/idem/internal/webpage"
	"github.com/idemhq/idem/sandbox/internal/casing"
)

// phrase is one of the page's own texts in every language that the page has.
type phrase struct{ en, de, fr, es string }

// in returns the phrase in a language. An unknown language is English.
func (p phrase) in(lang string) string {
	switch lang {
	case "de":
		return p.de
	case "fr":
		return p.fr
	case "es":
		return p.es
	default:
		return p.en
	}
}

// languages returns the languages of the page. The first one is the fallback.
func languages() []string { return []string{"en", "de", "fr", "es"} }

// languageMatcher chooses among the languages.
var languageMatcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, name := range languages() {
		tags = append(tags, language.MustParse(name))
	}
	return language.NewMatcher(tags)
})

// languageOf returns the language of the page for a request: the one that the parameter
// language asks for, otherwise the browser's, otherwise English.
func languageOf(r *http.Request) string {
	asked := r.URL.Query().Get("language")
	for _, wanted := range []string{asked, r.Header.Get("Accept-Language")} {
		tags, _, err := language.ParseAcceptLanguage(wanted)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, at, confidence := languageMatcher().Match(tags...); confidence != language.No {
			return languages()[at]
		}
	}
	return languages()[0]
}

// words are the texts of a page in one language.
type words struct {
	lang string
	all  map[string]phrase
}

// newWords returns the texts in a language.
func newWords(lang string) words { return words{lang, allPhrases()} }

// allPhrases returns the texts of the page and the names of fields, of rare steps and of claims,
// by key.
func allPhrases() map[string]phrase {
	all := phrases()
	maps.Copy(all, fieldNames())
	maps.Copy(all, rareSteps())
	maps.Copy(all, claims())
	return all
}

// say returns the text with a key. Arguments are for the verbs of [fmt.Sprintf].
func (w words) say(key string, args ...any) string {
	return fmt.Sprintf(w.all[key].in(w.lang), args...)
}

// sayOr returns the text with a key, or the name as words if there is no such text.
func (w words) sayOr(key, name string) string {
	if _, known := w.all[key]; !known {
		return webpage.Words(name)
	}
	return w.say(key)
}

// stepTitle returns the name of a step for a person.
func (w words) stepTitle(name string) string { return w.sayOr("step "+name, name) }

// field returns the name of a field for a person. Fields that only a template of a host
// declares have the name of their key.
func (w words) field(name string) string { return w.sayOr("field "+name, name) }

// stepText returns what a person does in a step.
func (w words) stepText(name string) string {
	if key := "step text " + name; w.all[key] != (phrase{}) {
		return w.say(key)
	}
	return w.say("step text")
}

// status returns the status of an inquiry as words.
func (w words) status(status string) string {
	return w.sayOr("status "+casing.Kebab(status), status)
}
