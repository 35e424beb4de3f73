package scenario

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/idemhq/idem/persona"
)

func approve(ctx context.Context, s *stage) error {
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	return s.simulate(ctx, p, s.decided(s.passing(), "approve_inquiry")...)
}

func decline(ctx context.Context, s *stage) error {
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	actions := append([]persona.SimulateAction{action("start_inquiry")}, s.each("create_failed_verification")...)
	return s.simulate(ctx, p, s.decided(append(actions, action("fail_inquiry")), "decline_inquiry")...)
}

func failRetryPass(ctx context.Context, s *stage) error {
	if len(s.VerificationTemplates) == 0 {
		return errors.New("no verification template is given: this scenario fails one and passes it")
	}
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	failed := append([]persona.SimulateAction{action("start_inquiry")}, s.each("create_failed_verification")[0])
	if err := s.simulate(ctx, p, failed...); err != nil {
		return err
	}
	return s.simulate(ctx, p, s.decided(s.passing()[1:], "approve_inquiry")...)
}

func reviewApprove(ctx context.Context, s *stage) error {
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	if err := s.simulate(ctx, p, append(s.passing(), action("mark_for_review_inquiry"))...); err != nil {
		return err
	}
	if s.Undecided {
		return nil
	}
	return s.simulate(ctx, p, action("approve_inquiry"))
}

func expireResume(ctx context.Context, s *stage) error {
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	if err := s.simulate(ctx, p, action("start_inquiry"), action("expire_inquiry")); err != nil {
		return err
	}
	if _, err := s.client.Inquiries.Resume(ctx, p.Inquiry); err != nil {
		return fmt.Errorf("resume %s: %w", p.Inquiry, err)
	}
	return s.simulate(ctx, p, s.decided(s.passing()[1:], "approve_inquiry")...) // a resumed inquiry is started
}

// watchlistHit uses the name that matches in Persona's sandbox (help center: Test your
// Report).
func watchlistHit(ctx context.Context, s *stage) error {
	const kind = "report/watchlist"
	if err := s.needsReport(kind); err != nil {
		return err
	}
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	if err := s.report(ctx, p, kind, persona.ReportQuery{Term: persona.Set("Kim Jong Un")}); err != nil {
		return err
	}
	return s.simulate(ctx, p, s.passing()...) // a scenario does not approve somebody who is on a watchlist
}

func duplicatePerson(ctx context.Context, s *stage) error {
	same := map[string]any{"name-first": "Robin", "name-last": "Sample", "birthdate": "1990-02-03", "email-address": "robin@example.com"}
	for i, reference := range []string{s.Reference, s.Reference + "-again"} {
		if _, err := s.enter(ctx, reference, same); err != nil {
			return err
		}
		if err := s.simulate(ctx, &s.people[i], s.decided(s.passing(), "approve_inquiry")...); err != nil {
			return err
		}
	}
	return nil
}

// business runs a report about a business. Its representative passes everything.
func business(ctx context.Context, s *stage) error {
	const name, kind = "Sample Trading Ltd", "report/business-watchlist"
	if err := s.needsReport(kind); err != nil {
		return err
	}
	p, err := s.enter(ctx, s.Reference, nil)
	if err != nil {
		return err
	}
	if err := s.report(ctx, p, kind, persona.ReportQuery{Term: persona.Set(name)}); err != nil {
		return err
	}
	return s.simulate(ctx, p, s.decided(s.passing(), "approve_inquiry")...)
}

// atOnce is the number of people of a burst that are worked on at the same time.
const atOnce = 8

func burst(ctx context.Context, s *stage) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range s.Count {
		group.Go(func() error {
			one := &stage{client: s.client, Options: s.Options}
			one.Reference = fmt.Sprintf("%s-%04d", s.Reference, i+1)
			err := approve(ctx, one)
			mu.Lock()
			defer mu.Unlock()
			s.people = append(s.people, one.people...)
			if s.Progress != nil {
				s.Progress(len(s.people), s.Count)
			}
			return err
		})
	}
	return group.Wait()
}
