// Package subscription knows which events a webhook must send to the service.
package subscription

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
	"github.com/idemhq/idem/persona/webhook"
)

// deciding are the families whose events lead to decisions and verdicts.
var deciding = []string{"inquiry", "case"}

// Lacking returns the events that the service uses and that are not among the subscribed
// ones. Without the events in decide, decisions are late: the service finds the events when
// it reconciles. Without those in copied, only its copies of other objects are late.
func Lacking(subscribed []string) (decide, copied []string) {
	if slices.Contains(subscribed, "*") {
		return nil, nil
	}
	for _, name := range webhook.Documented() {
		kind, _, _ := strings.Cut(string(name), ".")
		of, known := family.Find(domain.Ref{Type: kind})
		switch {
		case !known || slices.Contains(subscribed, string(name)):
		case slices.Contains(deciding, of.Name):
			decide = append(decide, string(name))
		default:
			copied = append(copied, string(name))
		}
	}
	return decide, copied
}
