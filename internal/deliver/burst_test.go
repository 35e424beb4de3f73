package deliver_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/notify"
)

// The verdict of one subject changes hundreds of times within seconds, by two nodes, while one
// endpoint is slow, fails now and then, and answers out of order.
func TestManyQuickChangesOfAVerdictComeInOrder(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes ten seconds")
	}
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		const changes = 300
		nodes := []database{open(), open()}
		fast := newReceiver(t, nil)
		bad := newReceiver(t, func(_ notify.Notification, earlier int) int {
			time.Sleep(rand.N(2 * time.Millisecond))
			if earlier == 0 && rand.IntN(50) == 0 {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		})
		create(t, nodes[0], fast.endpoint("fast"), bad.endpoint("bad"))
		for _, db := range nodes {
			start(t, db)
		}
		var mu sync.Mutex // an object is saved over the version that was read
		var changing sync.WaitGroup
		for n, db := range nodes {
			changing.Go(func() {
				for i := range changes / len(nodes) {
					mu.Lock()
					change(t, db, fmt.Sprintf("status-%d-%d", n, i), "user-1")
					mu.Unlock()
				}
			})
		}
		changing.Wait()
		subject, err := nodes[0].Subject(t.Context(), "sandbox", "user-1")
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*receiver{"fast": fast, "bad": bad} {
			eventually(t, func() bool {
				got := r.got()
				return len(got) > 0 && got[len(got)-1].SubjectSequence == changes
			}, func() string { return fmt.Sprintf("%s has the last verdict; it has %d", name, len(r.got())) })
			kept := map[int64]string{}
			var last int64
			for _, n := range r.got() {
				if content, twice := kept[n.SubjectSequence]; twice && content != n.ID+string(n.Verdict) {
					t.Errorf("%s: number %d is %s and %s", name, n.SubjectSequence, content, n.ID)
				}
				if n.SubjectSequence > last+1 {
					t.Errorf("%s: number %d came after %d", name, n.SubjectSequence, last)
				}
				kept[n.SubjectSequence], last = n.ID+string(n.Verdict), n.SubjectSequence
			}
			if got := r.got(); len(kept) != changes || got[len(got)-1].Verdict != subject.Verdict {
				t.Errorf("%s was told %d changes, the last to %s; the verdict is %s", name, len(kept), got[len(got)-1].Verdict, subject.Verdict)
			}
		}
	})
}
