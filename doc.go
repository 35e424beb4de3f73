// Package idem is a client of the Idem service, for host applications in Go. It uses only
// the standard library.
//
// # Verify somebody
//
//	client, err := idem.New("https://idem.example", os.Getenv("IDEM_API_TOKEN"))
//	v, err := client.Verify(ctx, idem.VerifyParams{Reference: "user-1042", Flow: "kyc"})
//	switch {
//	case v.Verdict == idem.VerdictApproved: // nothing to do
//	case v.Link != "": // send the person to v.Link
//	}
//
// It does not matter how often Verify is called: a subject has at most one live inquiry in a
// flow.
//
// # Learn the verdict
//
// Let the service tell you. It posts notifications to an address of yours, at least once and
// in order for each subject. [NotificationHandler] verifies them and drops repetitions:
//
//	handler, err := idem.NotificationHandler(secrets, seen, func(ctx context.Context, n idem.Notification) error {
//		if n.Type != idem.NotifyVerdictChanged {
//			return nil
//		}
//		return setVerdict(ctx, n.Reference, n.Verdict)
//	})
//	http.Handle("POST /webhooks/idem", handler)
//
// A program that cannot be reached from outside follows them with [Client.Stream].
// [Client.Subject] asks once.
//
// # Help somebody
//
// [Client.Timeline] lists everything that happened to a subject, and [Client.Evidence] says
// why it has its verdict. [Client.Link] makes a link again, [Client.Cancel] ends the live
// inquiry, and [Client.Reset] allows a new start when all attempts are used.
//
// # Environments
//
// A client speaks about the production environment, unless [WithEnvironment] says otherwise.
// A handler receives what its endpoint is configured for. Check [Notification.Environment] if
// one address receives both: an approval in the sandbox is no approval.
//
// # Errors
//
// An answer that is not a success is an [*Error]. Calls are retried when that is safe, with
// growing waits and for as long as the service asks. Errors contain no token, no link and no
// reference id.
//
// A program that contains the service uses package service instead.
package idem
