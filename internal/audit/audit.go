// Package audit chains the rows of the audit trail: each row's hash covers the row
// and the hash before it, so that a row that is changed, removed or put in later is
// noticed.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Entry is one row: who did what to which object, and why. It holds no personal
// data.
type Entry struct {
	Environment domain.Environment `json:"environment"`
	Sequence    int64              `json:"sequence"` // from 1, without gaps, in each environment
	At          time.Time          `json:"at"`
	Actor       string             `json:"actor"` // idem, or the person
	What        string             `json:"what"`  // object.moved, decision.made, action.done, …
	About       domain.Ref         `json:"about"`
	Detail      string             `json:"detail"`
	Hash        string             `json:"hash"` // hexadecimal
}

// Seal returns the hash of an entry that follows one with the hash previous, which
// is empty for the first.
func Seal(previous string, e Entry) string {
	h := sha256.New()
	for _, part := range []string{
		previous, string(e.Environment), strconv.FormatInt(e.Sequence, 10), strconv.FormatInt(e.At.UnixMicro(), 10), e.Actor, e.What, e.About.Type, e.About.ID, e.Detail,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Verify checks that entries follow previous, which is zero for the beginning, and
// each other. It returns the sequence at which one does not fit, or zero.
func Verify(previous Entry, entries []Entry) int64 {
	for _, e := range entries {
		if e.Sequence != previous.Sequence+1 || e.Hash != Seal(previous.Hash, e) {
			return previous.Sequence + 1
		}
		previous = e
	}
	return 0
}
