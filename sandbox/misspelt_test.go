package sandbox_test

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

func TestAMisspeltNameIsAnErrorThatNamesTheNearest(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sb.Close)
	seeded := func(text string) error {
		seed, err := sandbox.ReadSeed("seed.yaml", strings.NewReader(text))
		if err == nil {
			_, err = sandbox.New(sandbox.Options{Seed: seed})
		}
		return err
	}
	for name, test := range map[string]struct {
		use     func() error
		nearest string
	}{
		"the operation of a fault": {
			func() error {
				return sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Operation: "Inquiries.Aprove"})
			}, `did you mean "Inquiries.Approve"?`,
		},
		"the operation of a fault that few operations can have": {
			func() error {
				return sb.AddFault(sandbox.Fault{Kind: sandbox.FaultStaleSearch, Operation: "Account.Search"})
			}, `did you mean "Accounts.Search"?`,
		},
		"the event of a fault": {
			func() error {
				return sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostDelivery, Event: "inquiry.aproved"})
			}, `did you mean "inquiry.approved"?`,
		},
		"the kind of a fault": {
			func() error { return sb.AddFault(sandbox.Fault{Kind: "lost_anser"}) }, `did you mean "lost_answer"?`,
		},
		"the environment of a fault": {
			func() error {
				return sb.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Environment: "sandbx"})
			}, `did you mean "sandbox"?`,
		},
		"the operation of a fault on a command line": {
			func() error {
				_, err := sandbox.ParseFault("kind=lost_answer,operation=Cases.SetStatsu")
				return err
			}, `did you mean "Cases.SetStatus"?`,
		},
		"the operation of a fault in a seed": {
			func() error { return seeded("faults: [{kind: lost_answer, operation: Inquiries.Aprove}]") },
			`did you mean "Inquiries.Approve"?`,
		},
		"an event of a webhook in a seed": {
			func() error {
				return seeded("sandbox: {webhooks: [{url: 'http://127.0.0.1/', events: [inquiry.aproved]}]}")
			}, `did you mean "inquiry.approved"?`,
		},
		"a permission of a key in a seed": {
			func() error { return seeded("sandbox: {keys: [{permissions: [inquiry.raed]}]}") }, `did you mean "inquiry.read"?`,
		},
		"a quota in a seed": {
			func() error { return seeded("quotas: {inquiries: 3}") }, `did you mean "inquiry"?`,
		},
		"a quota in the options": {
			func() error {
				_, err := sandbox.New(sandbox.Options{Quotas: map[string]int{"inquiries": 3}})
				return err
			}, `did you mean "inquiry"?`,
		},
		"what an act does": {
			func() error {
				_, err := sb.Act(sandbox.EnvironmentSandbox, sandbox.Act{Do: "archive_acount"})
				return err
			}, `did you mean "archive_account"?`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := test.use(); err == nil || !strings.Contains(err.Error(), test.nearest) {
				t.Errorf("%v, want an error that ends in %q", err, test.nearest)
			}
		})
	}
}

func TestANameThatResemblesNoneIsAnErrorWithoutASuggestion(t *testing.T) {
	t.Parallel()
	_, err := sandbox.New(sandbox.Options{Quotas: map[string]int{"xxxxxxxxxx": 3}})
	if err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Error(err)
	}
}
