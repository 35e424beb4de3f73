package spelling

import "testing"

func TestTheNearestNameTakesTheFewestChanges(t *testing.T) {
	known := []string{"Inquiries.Approve", "Inquiries.Decline", "Cases.SetStatus", "id", "ip"}
	for name, test := range map[string]struct{ given, want string }{
		"a letter is missing":                {"Inquiries.Aprove", "Inquiries.Approve"},
		"a letter is different":              {"Inquiries.Declane", "Inquiries.Decline"},
		"two letters are exchanged":          {"Cases.SetStauts", "Cases.SetStatus"},
		"the case is different":              {"cases.setstatus", "Cases.SetStatus"},
		"two names are equally near":         {"ix", "id"},
		"nothing resembles the name":         {"zzz", ""},
		"only the first part is the same":    {"Cases.Redact", ""},
		"every letter of a short name would": {"x", ""},
		"the name is empty":                  {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Nearest(test.given, known); got != test.want {
				t.Errorf("%q is nearest to %q, want %q", test.given, got, test.want)
			}
		})
	}
}

func TestAnErrorEndsWithTheSuggestionOrWithNothing(t *testing.T) {
	for given, want := range map[string]string{"inqiry": `; did you mean "inquiry"?`, "zzz": ""} {
		if got := DidYouMean(given, []string{"case", "inquiry"}); got != want {
			t.Errorf("%q ends with %q, want %q", given, got, want)
		}
	}
}
