// Package audit chains the entries of the audit trail. Each entry's hash covers the entry
// and the previous hash, which reveals entries that were changed, removed or inserted
// later.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Entry records who did what to which object, and why. It contains no personal data.
type Entry struct {
	Environment domain.Environment `json:"environment"`
	Sequence    int64              `json:"sequence"` // from 1 and without gaps in each environment
	At          time.Time          `json:"at"`
	Actor       string             `json:"actor"` // idem, or a person
	What        string             `json:"what"`  // object.moved, decision.made, action.done, …
	About       domain.Ref         `json:"about"`
	Detail      string             `json:"detail"`
	Hash        string             `json:"hash"` // hexadecimal
}

// Seal returns the hash of an entry. previous is the hash of the entry before it, or "" for
// the first entry.
func Seal(previous string, e Entry) string {
	h := sha256.New()
	for _, part := range []string{
		previous, string(e.Environment), strconv.FormatInt(e.Sequence, 10), strconv.FormatInt(e.At.UnixMicro(), 10), e.Actor, e.What, e.About.Type, e.About.ID, e.Detail,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Verify checks that entries form a chain that continues previous; a zero previous means
// the start of the trail. It returns the sequence of the first entry that does not fit, or
// 0.
func Verify(previous Entry, entries []Entry) int64 {
	for _, e := range entries {
		if e.Sequence != previous.Sequence+1 || e.Hash != Seal(previous.Hash, e) {
			return previous.Sequence + 1
		}
		previous = e
	}
	return 0
}
