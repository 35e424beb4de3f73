package service

import (
	"testing"

	"github.com/idemhq/idem/internal/pgtest"
)

// server is the PostgreSQL of the tests, or nil if it is not installed.
var server *pgtest.Server

// withServer runs the tests with a PostgreSQL server.
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
			t.Parallel()
			for name, test := range map[string]func(*testing.T, Secret){
				"a passed inquiry and its case are approved":                  testAPassedInquiryAndItsCaseAreApproved,
				"a failed inquiry is reviewed and gets a link":                testAFailedInquiryIsReviewedAndGetsALink,
				"duplicates and lost answers take effect once":                testDuplicatesAndLostAnswersTakeEffectOnce,
				"payloads of every form lead to the same result":              testPayloadsOfEveryFormLeadToTheSameResult,
				"rotating the secret loses no event":                          testRotatingTheSecretLosesNoEvent,
				"bad webhooks are rejected":                                   testBadWebhooksAreRejected,
				"an unknown event is stored and marked":                       testAnUnknownEventIsStoredAndMarked,
				"the API needs its token":                                     testTheAPINeedsItsToken,
				"the last notification has the current verdict":               testTheLastNotificationHasTheCurrentVerdict,
				"events whose webhook never arrived are found and decided on": testEventsWhoseWebhookNeverArrivedAreFoundAndDecidedOn,
				"history is shown but not decided on":                         testHistoryIsShownButNotDecidedOn,
				"health metrics and description are served":                   testHealthMetricsAndDescriptionAreServed,
				"the audit trail has pages":                                   testTheAuditTrailHasPages,
				"replaying does not repeat effects":                           testReplayingDoesNotRepeatEffects,
				"an event shows its decisions, actions and notifications":     testAnEventShowsItsDecisionsActionsAndNotifications,
				"a dead action is replayed":                                   testADeadActionIsReplayed,
				"a poison event blocks no other":                              testAPoisonEventBlocksNoOther,
				"invalid requests are rejected":                               testInvalidRequestsAreRejected,
				"readyz lists stuck work":                                     testReadyzListsStuckWork,
				"the API counts the backlog":                                  testTheAPICountsTheBacklog,
				"a decision shows its facts":                                  testADecisionShowsItsFacts,
				"hanging reads of one inquiry delay no other":                 testHangingReadsOfOneInquiryDelayNoOther,
				"a node stops working when the database is newer":             testANodeStopsWorkingWhenTheDatabaseIsNewer,
				"an unreadable object is reported and blocks no other":        testAnUnreadableObjectIsReportedAndBlocksNoOther,
				"a case of two people is not approved for one of them":        testACaseOfTwoPeopleIsNotApprovedForOneOfThem,
				"an inquiry added to an approved case is not approved by it":  testAnInquiryThatIsAddedToAnApprovedCaseIsNotApprovedByIt,
				"a poller sees every notification once":                       testAPollerSeesEveryNotificationOnce,
				"a host receives its verdicts":                                testAHostReceivesItsVerdicts,
				"endpoints are managed":                                       testEndpointsAreManaged,
				"deliveries are shown and replayed":                           testDeliveriesAreShownAndReplayed,
				"endpoints of the configuration are changed there":            testEndpointsOfTheConfigurationAreChangedThere,
				"a function is told each verdict, whatever fails":             testAFunctionIsToldEachVerdict,
				"a stream skips nothing":                                      testAStreamSkipsNothing,
				"a stream ends with the service":                              testAStreamEndsWithTheService,
				"a subject is verified from the first call to the approval":   testASubjectIsVerified,
				"attempts, cool-downs and resets count":                       testAttemptsCoolDownsAndResetsCount,
				"a hundred calls make one inquiry":                            testAHundredCallsMakeOneInquiry,
				"lost answers make one inquiry":                               testLostAnswersMakeOneInquiry,
				"a verification is cancelled and gets links":                  testAVerificationIsCancelledAndGetsLinks,
				"bad requests to verify are rejected":                         testBadRequestsToVerifyAreRejected,
				"a declined subject starts again as the policy says":          testADeclinedSubjectStartsAgain,
				"the document describes verifications":                        testTheDocumentDescribesVerifications,
				"a program that embeds the service verifies":                  testAProgramThatEmbedsTheServiceVerifies,
				"flows are reloaded":                                          testFlowsAreReloaded,
				"no credential of Persona's is stored":                        testNoCredentialOfPersonasIsStored,
				"references of dots are found":                                testReferencesOfDotsAreFound,
				"verifications are counted":                                   testVerificationsAreCounted,
				"old links are erased":                                        testOldLinksAreErased,
				"links are encrypted":                                         testLinksAreEncrypted,
				"nothing that a person enters is stored":                      testNothingThatAPersonEntersIsStored,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, on.database(t))
				})
			}
		})
	}
}
