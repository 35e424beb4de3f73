package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// whyNotArrived explains the state of a delivery to somebody who waits for it: what happened,
// what the last answer usually means, and what comes next. It is empty if the webhook arrived.
func whyNotArrived(d deliveryRow, hook *storage.Resource, now time.Time) []string {
	switch d.State {
	case deliveries.Completed:
		return nil
	case deliveries.Skipped:
		return []string{"The webhook's payload filter does not match the payload, so it is never sent."}
	case deliveries.Lost:
		return []string{"A fault lost it: it is never sent. Send the event again."}
	}
	var why []string
	if len(d.Attempts) > 0 {
		why = append(why, meaningOf(d.Last(), hook))
	}
	most := deliveries.MostAttempts()
	switch made := len(d.Attempts); {
	case d.State == deliveries.Pending && now.Before(d.Due):
		why = append(why, fmt.Sprintf("%s is due at %s. Move the clock forward to get it at once.", attempt(made, most), d.Due.UTC().Format("2006-01-02 15:04:05")))
	case d.State == deliveries.Pending:
		why = append(why, attempt(made, most)+" is due: it is under way, or waits for another delivery to this webhook.")
	case made >= most:
		why = append(why, fmt.Sprintf("All %d attempts failed, and there is no other one. Send the event again.", made))
	default:
		why = append(why, fmt.Sprintf("The webhook was disabled or archived after %d of %d attempts, which cancels what is pending, or its url cannot be called. It is %s now.", made, most, hook.Text("status")))
	}
	return why
}

// attempt names the next attempt, and says how many are left.
func attempt(made, most int) string {
	if made >= most {
		return "An extra attempt"
	}
	return fmt.Sprintf("Attempt %d of %d", made+1, most)
}

// meaningOf says what the answer to an attempt usually means.
func meaningOf(a deliveries.Attempt, hook *storage.Resource) string {
	switch {
	case a.Status == 0 && strings.Contains(a.Error, "connection refused"):
		return "Nothing listens at " + hook.Text("url") + "."
	case a.Status == 0 && strings.Contains(a.Error, "no such host"):
		return "The host of " + hook.Text("url") + " is unknown."
	case a.Status == 0 && (strings.Contains(a.Error, "deadline exceeded") || strings.Contains(a.Error, "timeout")):
		return "The receiver did not answer in time. Store the event, answer, and work on it afterwards."
	case a.Status == 0 && strings.Contains(a.Error, "by a fault"):
		return "A fault cut the delivery off in the middle of its body."
	case a.Status == 0:
		return "The receiver gave no answer: the connection failed or was closed."
	case a.Status >= 300 && a.Status < 400:
		return fmt.Sprintf("The receiver answered %d. Redirects are not followed: set the webhook's url to the final address.", a.Status)
	case a.Status < 300:
		return fmt.Sprintf("The receiver answered %d. Only 200, 201, 202 and 204 count as received.", a.Status)
	case a.Status == 400 || a.Status == 401 || a.Status == 403:
		return fmt.Sprintf("The receiver answered %d. Usually it found the signature wrong: compare its secret with the webhook's, verify the bytes as they were received, and check the receiver's clock.", a.Status)
	case a.Status == 404 || a.Status == 405:
		return fmt.Sprintf("The receiver answered %d. There is no such path for POST: check the webhook's url.", a.Status)
	case a.Status == 429:
		return "The receiver answered 429: it is over its own limit."
	case a.Status >= 500:
		return fmt.Sprintf("The receiver answered %d: it failed. Look at its log.", a.Status)
	default:
		return fmt.Sprintf("The receiver answered %d.", a.Status)
	}
}
