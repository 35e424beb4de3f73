// Step 1: a client from the environment variable PERSONA_API_KEY.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/idemhq/idem/persona"
)

func main() {
	log.SetFlags(0)
	client, err := persona.NewClient() // without the key: one line that says what to set
	if err != nil {
		log.Fatal(err)
	}
	limits, err := client.RateLimits.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range limits {
		fmt.Printf("%d of %d calls left, for %d s\n", l.Attributes.Remaining, l.Attributes.Limit, l.Attributes.SecondsToReset)
	}
}
