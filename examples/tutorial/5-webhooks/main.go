// Step 5: which webhooks are accepted, also while the secret is rotated. It needs no
// Persona: webhook.Sign signs as Persona does.
package main

import (
	"fmt"
	"time"

	"github.com/idemhq/idem/examples/tutorial"
	"github.com/idemhq/idem/persona/webhook"
)

func main() {
	const old, fresh = "wbhsec_00000000-0000-4000-8000-00000000001d", "wbhsec_00000000-0000-4000-8000-0000000000ee"
	body := []byte(`{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.approved","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved"}}}}}}`)
	now := time.Now()

	say := func(what string, err error) {
		if err == nil {
			fmt.Println(what+":", "accepted")
			return
		}
		fmt.Println(what+":", err)
	}
	for _, d := range tutorial.Deliveries(body, now, old) {
		say(d.Name, webhook.Verify(d.Body, d.Signature, []string{old}))
	}

	// During a rotation Persona signs with both secrets; knowing either is enough.
	both := webhook.Sign(body, now, fresh, old)
	say("rotating, old secret known", webhook.Verify(body, both, []string{old}))
	say("rotating, new secret known", webhook.Verify(body, both, []string{fresh}))

	event, err := webhook.Parse(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Persona delivers some events twice: remember the ids that were handled.
	handled := map[string]bool{event.ID: true}
	fmt.Println("seen before:", handled[event.ID])
}
