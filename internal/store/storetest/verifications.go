package storetest

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func verification(reference, flow string) domain.Verification {
	return domain.Verification{
		ID: domain.NewID("vfy"), Environment: domain.Sandbox, Reference: reference, Flow: flow, Inquiry: "inq_2", Attempts: 2, Starts: 3,
		Earlier:  []domain.EarlierInquiry{{Inquiry: "inq_1", StartedAt: start}},
		Starting: true, IdempotencyKey: "idem-1", KeyMadeAt: start.Add(time.Second), Spent: start.Add(2 * time.Second),
		Renewed: true, ResetAt: start.Add(3 * time.Second), StartedAt: start.Add(4 * time.Second), CreatedAt: start,
	}
}

func verificationRoundTrip(t *testing.T, s store.Store, _ *Jobs) {
	want := verification("user-1", "kyc")
	log := []audit.Entry{{Environment: domain.Sandbox, At: start, Actor: "api", What: "verification.started"}}
	version, err := s.SaveVerification(t.Context(), want, log)
	must(t, err)
	want.Version = version
	got, err := s.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc")
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it came back as %+v, was %+v", got, want)
	}
	want.Inquiry, want.Starting, want.Spent = "inq_3", false, time.Time{}
	want.Version, err = s.SaveVerification(t.Context(), want, nil)
	must(t, err)
	if got, err = s.Verification(t.Context(), domain.Sandbox, want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("after a change it is %+v, error %v, want %+v", got, err, want)
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 1 {
		t.Errorf("the audit trail has %d entries, error %v", len(trail), err)
	}
	for name, read := range map[string]func() error{
		"of another environment": func() error {
			_, err := s.Verification(t.Context(), domain.Production, want.ID)
			return err
		},
		"of another flow": func() error {
			_, err := s.VerificationOf(t.Context(), domain.Sandbox, "user-1", "address")
			return err
		},
	} {
		if err := read(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func verificationStale(t *testing.T, s store.Store, _ *Jobs) {
	v := verification("user-1", "kyc")
	_, err := s.SaveVerification(t.Context(), v, nil)
	must(t, err)
	if _, err := s.SaveVerification(t.Context(), verification("user-1", "kyc"), nil); !errors.Is(err, store.ErrChanged) {
		t.Errorf("a second one of the subject and flow: %v", err)
	}
	v.Version = 1
	_, err = s.SaveVerification(t.Context(), v, nil)
	must(t, err)
	log := []audit.Entry{{Environment: domain.Sandbox, At: start, Actor: "api", What: "verification.reset"}}
	if _, err := s.SaveVerification(t.Context(), v, log); !errors.Is(err, store.ErrChanged) {
		t.Errorf("saved over a newer version: %v", err)
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 0 {
		t.Errorf("what was not saved is in the audit trail: %v, error %v", trail, err)
	}
}

func verificationsAtOnce(t *testing.T, s store.Store, _ *Jobs) {
	var saved atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := s.SaveVerification(t.Context(), verification("user-1", "kyc"), nil)
			switch {
			case err == nil:
				saved.Add(1)
			case !errors.Is(err, store.ErrChanged):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if saved.Load() != 1 {
		t.Errorf("%d were stored", saved.Load())
	}
}

func verificationsListed(t *testing.T, s store.Store, _ *Jobs) {
	for _, of := range [][2]string{{"user-1", "kyc"}, {"user-2", "kyc"}, {"user-1", "address"}} {
		_, err := s.SaveVerification(t.Context(), verification(of[0], of[1]), nil)
		must(t, err)
	}
	for name, test := range map[string]struct {
		filter store.Filter
		want   int
	}{
		"all":                 {store.Filter{}, 3},
		"of a subject":        {store.Filter{Reference: "user-1"}, 2},
		"of a flow":           {store.Filter{Flow: "kyc"}, 2},
		"of both":             {store.Filter{Reference: "user-2", Flow: "kyc"}, 1},
		"of an unknown one":   {store.Filter{Reference: "user-3"}, 0},
		"of an unknown flow":  {store.Filter{Flow: "kyb"}, 0},
		"the first of a page": {store.Filter{Limit: 1}, 1},
	} {
		page, err := s.Verifications(t.Context(), domain.Sandbox, test.filter)
		must(t, err)
		if len(page.Rows) != test.want || test.filter.Limit == 1 && page.Next == 0 {
			t.Errorf("%s: %d rows, next %d", name, len(page.Rows), page.Next)
		}
	}
	if page, err := s.Verifications(t.Context(), domain.Production, store.Filter{}); err != nil || len(page.Rows) != 0 {
		t.Errorf("another environment has %d, error %v", len(page.Rows), err)
	}
}
