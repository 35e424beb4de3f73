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
	Environment domain.Environment
	Sequence    int64 // from 1, without gaps, in each environment
	At          time.Time
	Actor       string // idem, or the person
	What        string // event.applied, decision.made, action.done, …
	About       domain.Ref
	Detail      string
	Hash        string // hexadecimal
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

// Verify checks entries in order, from the first one on. It returns the sequence of
// the first entry that does not fit, or zero.
func Verify(entries []Entry) int64 {
	previous := ""
	for i, e := range entries {
		if e.Sequence != int64(i+1) || e.Hash != Seal(previous, e) {
			return int64(i + 1)
		}
		previous = e.Hash
	}
	return 0
}
