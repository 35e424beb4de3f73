package policy

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestTheKindsEqualThoseOfTheSDK(t *testing.T) {
	source, err := os.ReadFile("../../persona/objects_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	for family, have := range map[string][]string{"verification": verificationKinds(), "report": reportKinds()} {
		var want []string
		for _, match := range regexp.MustCompile(`"`+family+`/([^"]+)", `).FindAllStringSubmatch(string(source), -1) {
			want = append(want, match[1])
		}
		slices.Sort(want)
		if have = slices.Sorted(slices.Values(have)); len(want) == 0 || !slices.Equal(have, want) {
			t.Errorf("kinds of %s are %q, those of the SDK %q", family, have, want)
		}
	}
}

// The policy and the reader of facts rely on this: a report without has-match withholds its
// result.
func TestEveryKindOfReportSaysWhetherItFoundAMatch(t *testing.T) {
	structs, err := attributesOf("report/", reportKinds())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range structs {
		k := kind{fields: map[string]attribute{}}
		if k.add(s); k.fields["has_match"].key != "has-match" {
			t.Errorf("%s has no has-match", s)
		}
	}
}

func TestAnAttributeOfSeveralTypesIsOfAnyType(t *testing.T) {
	all, err := kinds(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"result": "dyn", "query": "dyn", "has_match": "bool", "created_at": "google.protobuf.Timestamp", "name_first": "string", "tags": "list(string)",
	} {
		if got := all["Report"].fields[name].typ.String(); got != want {
			t.Errorf("%s of a report is %s, want %s", name, got, want)
		}
	}
	if got := all["Verification"].fields["checks"].typ.String(); got != "list(Check)" {
		t.Errorf("checks are %s", got)
	}
}
