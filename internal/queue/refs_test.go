package queue

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

func TestTheObjectsOfAJobAreDecodedAsEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := refs(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.Ref {
			return domain.Ref{Type: rapid.String().Draw(t, "type"), ID: rapid.String().Draw(t, "id")}
		}), 1, 20).Draw(t, "objects"))
		text, err := json.Marshal(advanceArgs{Environment: domain.Sandbox, Objects: want})
		if err != nil {
			t.Fatal(err)
		}
		var got advanceArgs
		if err := json.Unmarshal(text, &got); err != nil || !slices.Equal(got.Objects, want) {
			t.Fatalf("%s becomes %v, error %v", text, got.Objects, err)
		}
	})
}

func TestMalformedObjectsOfAJobAreAnError(t *testing.T) {
	for _, text := range []string{`"inquiry"`, `"inquiry %zz"`, `"inquiry inq_1,"`} {
		var got refs
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}
