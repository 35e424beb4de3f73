package audit

import (
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

func chain(n int) []Entry {
	var entries []Entry
	previous := ""
	for i := range n {
		e := Entry{Environment: domain.Sandbox, Sequence: int64(i + 1), At: time.UnixMicro(int64(i)), Actor: "idem", What: "event.applied", About: domain.Ref{Type: "inquiry", ID: "inq_1"}}
		e.Hash = Seal(previous, e)
		previous = e.Hash
		entries = append(entries, e)
	}
	return entries
}

func TestVerify(t *testing.T) {
	for name, test := range map[string]struct {
		damage func([]Entry) []Entry
		want   int64
	}{
		"an untouched chain holds":     {func(e []Entry) []Entry { return e }, 0},
		"a changed row is noticed":     {func(e []Entry) []Entry { e[2].Detail = "nothing happened"; return e }, 3},
		"a removed row is noticed":     {func(e []Entry) []Entry { return slices.Delete(e, 1, 2) }, 2},
		"an exchanged pair is noticed": {func(e []Entry) []Entry { e[1], e[2] = e[2], e[1]; return e }, 2},
		"a forged first row is noticed": {func(e []Entry) []Entry {
			e[0].Actor = "someone"
			e[0].Hash = Seal("", e[0])
			return e
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Verify(Entry{}, test.damage(chain(5))); got != test.want {
				t.Errorf("the chain breaks at %d, want %d", got, test.want)
			}
		})
	}
}

func TestVerifyContinuesFromAnEntry(t *testing.T) {
	entries := chain(5)
	if got := Verify(entries[2], entries[3:]); got != 0 {
		t.Errorf("the chain breaks at %d", got)
	}
	if got := Verify(entries[1], entries[3:]); got != 3 {
		t.Errorf("without the third entry, the chain breaks at %d", got)
	}
}
