package verify

import (
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	started := domain.Verification{ID: "vfy_1", Version: 2, Inquiry: "inq_1", Attempts: 1, Starts: 1}
	with := func(change func(*domain.Verification)) domain.Verification {
		v := started
		change(&v)
		return v
	}
	usedUp := with(func(v *domain.Verification) { v.Attempts = 3 })
	starting := with(func(v *domain.Verification) { v.Starting = true })
	reset := with(func(v *domain.Verification) { v.Renewed, v.ResetAt, v.Attempts = true, noon, 0 })
	sinceReset := with(func(v *domain.Verification) { v.ResetAt = noon.Add(-time.Hour) })
	known := func(status string, own domain.Verdict) *Inquiry {
		return &Inquiry{ID: "inq_1", Status: status, Known: true, Own: own, EndedAt: noon.Add(-2 * time.Hour)}
	}
	unknown := func(status string) *Inquiry { return &Inquiry{ID: "inq_1", Status: status} }
	refused := func(reason Reason) Plan { return Plan{Step: Refuse, Reason: reason} }
	cooling := Plan{Step: Refuse, Reason: CoolingDown, RetryAt: noon.Add(22 * time.Hour)}
	anew := Plan{Step: Start, Anew: true}
	const (
		none, pending, review    = domain.VerdictNone, domain.VerdictPending, domain.VerdictReview
		approved, declined, over = domain.VerdictApproved, domain.VerdictDeclined, domain.VerdictExpired
	)
	for name, test := range map[string]struct {
		verdict domain.Verdict
		row     domain.Verification
		inquiry *Inquiry
		reapply fold.Reapply
		cool    time.Duration
		want    Plan
	}{
		"somebody new starts":                                {verdict: none, want: Plan{Step: Start}},
		"somebody known from elsewhere starts":               {verdict: pending, want: Plan{Step: Start}},
		"an approved person starts nothing":                  {verdict: approved, row: started, want: Plan{Step: AlreadyApproved}},
		"an approved person starts nothing while one starts": {verdict: approved, row: starting, want: Plan{Step: AlreadyApproved}},
		"an unfinished start is finished":                    {verdict: none, row: starting, want: Plan{Step: Finish}},
		"an inquiry is read before it is decided on":         {verdict: pending, row: started, want: Plan{Step: Look}},

		"a created inquiry is opened":                      {verdict: pending, row: started, inquiry: known("created", pending), want: Plan{Step: Open}},
		"a pending inquiry is opened":                      {verdict: pending, row: started, inquiry: known("pending", pending), want: Plan{Step: Open}},
		"an open inquiry is opened after the last attempt": {verdict: pending, row: usedUp, inquiry: known("pending", pending), want: Plan{Step: Open}},
		"an open inquiry is opened after a decline":        {verdict: declined, row: started, inquiry: known("pending", pending), want: Plan{Step: Open}},
		"an open inquiry is opened after a reset":          {verdict: pending, row: reset, inquiry: known("pending", pending), want: Plan{Step: Open}},
		"a completed inquiry awaits a decision":            {verdict: review, row: started, inquiry: known("completed", review), want: Plan{Step: Await}},
		"an inquiry in review awaits a decision":           {verdict: review, row: started, inquiry: known("needs_review", review), want: Plan{Step: Await}},
		"an inquiry in review awaits one after a reset":    {verdict: review, row: reset, inquiry: known("needs_review", review), want: Plan{Step: Await}},
		"an inquiry in review awaits one after a decline":  {verdict: declined, row: started, inquiry: known("needs_review", review), want: Plan{Step: Await}},
		"an unknown status awaits a decision":              {verdict: review, row: started, inquiry: known("teleported", review), want: Plan{Step: Await}},
		"an approval that is not known yet awaits it":      {verdict: pending, row: started, inquiry: unknown("approved"), want: Plan{Step: Await}},
		"a decline that is not known yet awaits it":        {verdict: pending, row: started, inquiry: unknown("declined"), want: Plan{Step: Await}},
		"an approval that is not the verdict awaits one":   {verdict: review, row: started, inquiry: known("approved", approved), want: Plan{Step: Await}},
		"a declined inquiry whose case is open awaits one": {verdict: review, row: started, inquiry: known("declined", review), want: Plan{Step: Await}},

		"a failed inquiry is followed by another":                   {verdict: review, row: started, inquiry: known("failed", review), want: Plan{Step: Start}},
		"a failed inquiry that is not known yet is too":             {verdict: pending, row: started, inquiry: unknown("failed"), want: Plan{Step: Start}},
		"an expired inquiry is followed by another":                 {verdict: over, row: started, inquiry: known("expired", over), want: Plan{Step: Start}},
		"a redacted inquiry is followed by another":                 {verdict: domain.VerdictRedacted, row: started, inquiry: &Inquiry{Status: "failed", Redacted: true}, want: Plan{Step: Start}},
		"a failed inquiry is the last when attempts are used":       {verdict: review, row: usedUp, inquiry: known("failed", review), want: refused(AttemptsUsed)},
		"an expired inquiry is the last when attempts are used":     {verdict: over, row: usedUp, inquiry: known("expired", over), want: refused(AttemptsUsed)},
		"a redacted inquiry is the last when attempts are used":     {verdict: over, row: usedUp, inquiry: &Inquiry{Status: "failed", Redacted: true}, want: refused(AttemptsUsed)},
		"attempts before an approval do not count":                  {verdict: domain.VerdictRedacted, row: usedUp, inquiry: &Inquiry{Status: "approved", Redacted: true}, want: anew},
		"an inquiry that is gone does not count":                    {verdict: pending, row: usedUp, inquiry: &Inquiry{Gone: true}, want: anew},
		"a reset allows a start when attempts are used":             {verdict: review, row: reset, inquiry: known("failed", review), want: Plan{Step: Start}},
		"a failed inquiry needs a cool-down":                        {verdict: review, row: started, inquiry: known("failed", review), cool: 24 * time.Hour, want: cooling},
		"a cool-down ends":                                          {verdict: review, row: started, inquiry: known("failed", review), cool: 2 * time.Hour, want: Plan{Step: Start}},
		"a cool-down does not hide that attempts are used":          {verdict: review, row: usedUp, inquiry: known("failed", review), cool: 24 * time.Hour, want: refused(AttemptsUsed)},
		"a reset ends the cool-down":                                {verdict: review, row: reset, inquiry: known("failed", review), cool: 24 * time.Hour, want: Plan{Step: Start}},
		"an expired inquiry needs no cool-down":                     {verdict: over, row: started, inquiry: &Inquiry{Status: "expired", Known: true, Own: over}, cool: 24 * time.Hour, want: Plan{Step: Start}},
		"a declined person needs a cool-down before starting again": {verdict: declined, row: started, inquiry: known("declined", declined), cool: 24 * time.Hour, want: cooling},

		"a declined person starts again where a person reviews it":  {verdict: declined, row: started, inquiry: known("declined", declined), reapply: fold.ReapplyReview, want: Plan{Step: Start}},
		"a declined person starts again where that is allowed":      {verdict: declined, row: started, inquiry: known("declined", declined), reapply: fold.ReapplyAllow, want: Plan{Step: Start}},
		"a person whose case was declined starts again":             {verdict: declined, row: started, inquiry: known("completed", declined), want: Plan{Step: Start}},
		"a person whose failed inquiry was declined starts again":   {verdict: declined, row: started, inquiry: known("failed", declined), want: Plan{Step: Start}},
		"a declined person without attempts does not":               {verdict: declined, row: usedUp, inquiry: known("declined", declined), want: refused(AttemptsUsed)},
		"a declined person is refused where declines stand":         {verdict: declined, row: started, reapply: fold.ReapplyDeny, want: refused(Declined)},
		"a person declined elsewhere is refused where they stand":   {verdict: declined, reapply: fold.ReapplyDeny, want: refused(Declined)},
		"a person declined elsewhere starts otherwise":              {verdict: declined, want: Plan{Step: Start}},
		"a reset allows a start where declines stand":               {verdict: declined, row: reset, inquiry: known("declined", declined), reapply: fold.ReapplyDeny, want: Plan{Step: Start}},
		"a reset need not wait until a decline is known":            {verdict: pending, row: reset, inquiry: unknown("declined"), reapply: fold.ReapplyDeny, want: Plan{Step: Start}},
		"an inquiry after a reset is opened where declines stand":   {verdict: declined, row: sinceReset, inquiry: known("pending", pending), reapply: fold.ReapplyDeny, want: Plan{Step: Open}},
		"a failed inquiry after a reset is followed where they do":  {verdict: declined, row: sinceReset, inquiry: known("failed", review), reapply: fold.ReapplyDeny, want: Plan{Step: Start}},
		"a decline after a reset stands":                            {verdict: declined, row: sinceReset, inquiry: known("declined", declined), reapply: fold.ReapplyDeny, want: refused(Declined)},
		"an approval that does not count where declines stand":      {verdict: declined, row: sinceReset, inquiry: known("approved", approved), reapply: fold.ReapplyDeny, want: refused(Declined)},
		"an approval after which another flow declined is followed": {verdict: declined, row: started, inquiry: known("approved", approved), want: anew},
		"an inquiry that moved to another person is followed":       {verdict: none, row: started, inquiry: known("approved", domain.VerdictNone), want: anew},
	} {
		t.Run(name, func(t *testing.T) {
			f := Flow{Name: "kyc", Template: "itmpl_1", CoolDown: test.cool, Reapply: test.reapply}.WithDefaults()
			state := State{Verdict: test.verdict, Since: noon.Add(-3 * time.Hour), Verification: test.row, Inquiry: test.inquiry}
			if got := Decide(state, f, noon); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A decline that came after a reset is not forgiven by it.
func TestAResetForgivesOnlyEarlierDeclines(t *testing.T) {
	f := Flow{Reapply: fold.ReapplyDeny}.WithDefaults()
	v := domain.Verification{Inquiry: "inq_1", ResetAt: noon}
	for since, want := range map[time.Duration]Step{-time.Second: Look, time.Second: Refuse} {
		if got := Decide(State{Verdict: domain.VerdictDeclined, Since: noon.Add(since), Verification: v}, f, noon.Add(time.Hour)); got.Step != want {
			t.Errorf("a decline %s from the reset: %+v", since, got)
		}
	}
}

// Whatever the state is, nobody whose inquiry may still lead to a decision gets another one.
func TestNoStateHasTwoLiveInquiries(t *testing.T) {
	verdicts := []domain.Verdict{domain.VerdictNone, domain.VerdictPending, domain.VerdictReview, domain.VerdictApproved, domain.VerdictDeclined, domain.VerdictExpired, domain.VerdictRedacted}
	for _, verdict := range verdicts {
		for _, own := range verdicts {
			for _, status := range []string{"created", "pending", "completed", "needs_review", "approved", "declined", "failed", "expired", "teleported"} {
				for n := range 16 {
					i := Inquiry{ID: "inq_1", Status: status, Own: own, Known: n&1 > 0, EndedAt: noon}
					v := domain.Verification{Inquiry: "inq_1", Attempts: n & 2, ResetAt: noon}
					f := Flow{Reapply: []fold.Reapply{fold.ReapplyDeny, fold.ReapplyReview}[n>>2&1]}.WithDefaults()
					v.Renewed = n&8 > 0
					plan := Decide(State{Verdict: verdict, Verification: v, Inquiry: &i}, f, noon)
					forgiven := v.Renewed && status == "declined" // a reset says so
					if plan.Step == Start && isLive(i, noon) && !forgiven {
						t.Errorf("%s, own %s, %s, case %d: starts beside a live inquiry", verdict, own, status, n)
					}
				}
			}
		}
	}
}

func TestFlowsAreChecked(t *testing.T) {
	valid := Flow{Name: "kyc", Template: "itmpl_1"}
	for name, test := range map[string]struct {
		change func(*Flow)
		want   string // the setting with a problem; "-" for the name, "" for none
	}{
		"the least that there must be": {func(*Flow) {}, ""},
		"everything": {func(f *Flow) {
			f.Attempts, f.CoolDown, f.Expiry, f.Mode, f.Reapply = 1, time.Hour, time.Hour, ModeEmbedded, fold.ReapplyDeny
		}, ""},
		"no name":                              {func(f *Flow) { f.Name = "" }, "-"},
		"a name with capitals":                 {func(f *Flow) { f.Name = "KYC" }, "-"},
		"a name with a slash":                  {func(f *Flow) { f.Name = "a/b" }, "-"},
		"no template":                          {func(f *Flow) { f.Template = "" }, "inquiry_template"},
		"a template version":                   {func(f *Flow) { f.Template = "itmplv_1" }, "inquiry_template"},
		"the template of a case":               {func(f *Flow) { f.Template = "ctmpl_1" }, "inquiry_template"},
		"a template with a space":              {func(f *Flow) { f.Template = "itmpl_1 2" }, "inquiry_template"},
		"attempts below zero":                  {func(f *Flow) { f.Attempts = -1 }, "attempts"},
		"a cool-down below zero":               {func(f *Flow) { f.CoolDown = -time.Second }, "cool_down"},
		"an expiry below zero":                 {func(f *Flow) { f.Expiry = -time.Second }, "expiry"},
		"an expiry of a second":                {func(f *Flow) { f.Expiry = time.Second }, "expiry"},
		"a misspelt mode":                      {func(f *Flow) { f.Mode = "embeded" }, "mode"},
		"a reapply that the policy must allow": {func(f *Flow) { f.Reapply = fold.ReapplyAllow }, "reapply"},
	} {
		t.Run(name, func(t *testing.T) {
			f := valid
			test.change(&f)
			var got string
			for _, p := range f.Check() {
				if got = p.Setting; got == "" {
					got = "-"
				}
			}
			if got != test.want {
				t.Errorf("the problem is %q, want %q", got, test.want)
			}
		})
	}
	if problems := CheckAll([]Flow{valid, {Name: "kyb", Template: "itmpl_2"}}); len(problems) != 0 {
		t.Errorf("two flows with their own templates: %v", problems)
	}
	if problems := CheckAll([]Flow{valid, {Name: "again", Template: "itmpl_1"}}); len(problems["again"]) != 1 {
		t.Errorf("two flows with one template: %v", problems)
	}
}

func TestRedirectsAreChecked(t *testing.T) {
	for address, want := range map[string]struct{ always, loopback bool }{
		"https://host.example/verified?a=b#c":      {true, true},
		"https://host.example:8443":                {true, true},
		"http://localhost:3000/verified":           {false, true},
		"http://127.0.0.1/verified":                {false, true},
		"http://[::1]:3000":                        {false, true},
		"http://host.example/verified":             {},
		"http://localhost.evil.example/":           {},
		"http://192.168.0.1/":                      {},
		"//host.example/verified":                  {},
		"/verified":                                {},
		"https:///verified":                        {},
		"https://:443/":                            {},
		"javascript:alert(1)":                      {},
		"data:text/html,x":                         {},
		"https://user:pass@host.example/":          {},
		"https://host.example/\r\nSet-Cookie: a=b": {},
		`https:\\host.example`:                     {},
		" https://host.example":                    {},
		"":                                         {},
	} {
		if got := CheckRedirect(address, false) == nil; got != want.always {
			t.Errorf("%q is accepted: %v", address, got)
		}
		if got := CheckRedirect(address, true) == nil; got != want.loopback {
			t.Errorf("%q is accepted in development: %v", address, got)
		}
	}
}
