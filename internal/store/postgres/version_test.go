package postgres_test

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/store/postgres"
)

func TestTheVersionOfADatabaseIsToldWithoutAChange(t *testing.T) {
	url := server.Database(t)
	for range 2 { // the first call has made no tables
		current, wanted, err := postgres.Versions(t.Context(), url)
		if err != nil || current != 0 || wanted == 0 {
			t.Errorf("without tables: %d of %d, error %v", current, wanted, err)
		}
	}
	open(t, url)
	current, wanted, err := postgres.Versions(t.Context(), url)
	if err != nil || current != wanted {
		t.Errorf("after the migrations: %d of %d, error %v", current, wanted, err)
	}
}

func TestADatabaseThatDoesNotAnswerIsSaidWithoutItsAddress(t *testing.T) {
	_, _, err := postgres.Versions(t.Context(), "postgres://somebody:secret@127.0.0.1:1/idem")
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "somebody") {
		t.Errorf("the error is %v", err)
	}
}
