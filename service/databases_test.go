package service

import (
	"testing"

	"github.com/idemhq/idem/internal/pgtest"
)

// server is the PostgreSQL of the tests, nil where there is none.
var server *pgtest.Server

// withServer runs the tests while the server does.
type withServer struct{ *testing.M }

func (m withServer) Run() int { return pgtest.Run(m.M, &server) }

func TestTheService(t *testing.T) {
	for _, on := range []struct {
		name     string
		database func(*testing.T) Secret
	}{
		{"on SQLite", func(*testing.T) Secret { return "" }},
		{"on PostgreSQL", func(t *testing.T) Secret { return Secret(server.Database(t)) }},
	} {
		t.Run(on.name, func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, Secret){
				"what passes is approved and its case too":                         testWhatPassesIsApprovedAndItsCaseToo,
				"what fails is reviewed with a link":                               testWhatFailsIsReviewedWithALink,
				"duplicates and lost answers take effect once":                     testDuplicatesAndLostAnswersTakeEffectOnce,
				"thin snake and camel payloads lead to the same":                   testThinSnakeAndCamelPayloadsLeadToTheSame,
				"a rotation loses no event":                                        testARotationLosesNoEvent,
				"bad webhooks are refused":                                         testBadWebhooksAreRefused,
				"an unknown event is stored and marked":                            testAnUnknownEventIsStoredAndMarked,
				"the API needs its token":                                          testTheAPINeedsItsToken,
				"the host is told the verdict that stands":                         testTheHostIsToldTheVerdictThatStands,
				"events that no webhook brings are found and decided on":           testEventsThatNoWebhookBringsAreFoundAndDecidedOn,
				"what happened before the first start is shown and not decided on": testWhatHappenedBeforeTheFirstStartIsShownAndNotDecidedOn,
				"health metrics and description are served":                        testHealthMetricsAndDescriptionAreServed,
				"the audit trail has pages":                                        testTheAuditTrailHasPages,
				"replaying changes nothing that is done":                           testReplayingChangesNothingThatIsDone,
				"an event shows what it led to":                                    testAnEventShowsWhatItLedTo,
				"a dead action is replayed":                                        testADeadActionIsReplayed,
				"a poison event blocks no other":                                   testAPoisonEventBlocksNoOther,
				"invalid requests are refused":                                     testInvalidRequestsAreRefused,
				"readyz shows what is stuck":                                       testReadyzShowsWhatIsStuck,
				"a decision shows its facts":                                       testADecisionShowsItsFacts,
				"reads that hang for one inquiry hold up no other":                 testReadsThatHangForOneInquiryHoldUpNoOther,
				"a node that meets a newer database takes no more work":            testANodeThatMeetsANewerDatabaseTakesNoMoreWork,
				"a refusal of one object is seen and blocks no other":              testARefusalOfOneObjectIsSeenAndBlocksNoOther,
				"a poller sees every notification once":                            testAPollerSeesEveryNotificationOnce,
				"a host receives its verdicts":                                     testAHostReceivesItsVerdicts,
				"endpoints are managed":                                            testEndpointsAreManaged,
				"deliveries are shown and replayed":                                testDeliveriesAreShownAndReplayed,
				"endpoints of the configuration are changed there":                 testEndpointsOfTheConfigurationAreChangedThere,
				"a stream skips nothing":                                           testAStreamSkipsNothing,
				"a stream ends with the service":                                   testAStreamEndsWithTheService,
			} {
				t.Run(name, func(t *testing.T) { test(t, on.database(t)) })
			}
		})
	}
}
