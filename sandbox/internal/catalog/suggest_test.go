package catalog

import "testing"

func TestTheNearestNameIsTheOneThatTakesTheFewestChanges(t *testing.T) {
	t.Parallel()
	known := []string{"Inquiries.Approve", "Inquiries.Decline", "Cases.SetStatus"}
	for name, test := range map[string]struct{ given, want string }{
		"a letter is missing":        {"Inquiries.Aprove", "; did you mean Inquiries.Approve?"},
		"a letter is another":        {"Inquiries.Declane", "; did you mean Inquiries.Decline?"},
		"two letters are exchanged":  {"Cases.SetStauts", "; did you mean Cases.SetStatus?"},
		"the casing is another":      {"cases.setstatus", "; did you mean Cases.SetStatus?"},
		"nothing resembles the name": {"zzz", ""},
		"the name is empty":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := DidYouMean(test.given, known); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
