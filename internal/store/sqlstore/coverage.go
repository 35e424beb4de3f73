package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
)

// coverage is a [domain.Coverage] in the column of that name, which is empty for none.
type coverage struct {
	Status   string       `json:"status"`
	Resolved bool         `json:"resolved"`
	At       int64        `json:"at"`
	EventID  string       `json:"event_id"`
	About    []domain.Ref `json:"about"`
}

func encodeCoverage(c domain.Coverage) string {
	if c.At.IsZero() {
		return ""
	}
	return encode(coverage{c.Status, c.Resolved, micros(c.At), c.EventID, c.About})
}

func decodeCoverage(text string, into *domain.Coverage) error {
	if text == "" {
		return nil
	}
	var c coverage
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("decode the coverage of a case: %w", err)
	}
	*into = domain.Coverage{Status: c.Status, Resolved: c.Resolved, At: moment(c.At), EventID: c.EventID, About: c.About}
	return nil
}
