package schema

import (
	"testing"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestATypeOfAnOldSnapshotAcceptsEveryField(t *testing.T) {
	old := &storage.Resource{Typ: "account-type", ID: "acttp_Old", Attributes: map[string]any{"name": "Old"}}
	if err := Of(old).Check(map[string]any{"shoe_size": 43.0}, "account type"); err != nil {
		t.Error(err)
	}
	if fields := Blank(old); len(fields) != len(storage.NewAccountFields()) {
		t.Errorf("a new account has the fields %v", fields)
	}
	describesNone := &storage.Resource{Typ: "account-type", ID: "acttp_None", Attributes: map[string]any{"field-schemas": []any{}}}
	if err := Of(describesNone).Check(map[string]any{"shoe_size": 43.0}, "account type"); err == nil {
		t.Error("a type that describes no fields accepts one")
	}
}
