// With is a small program that uses the SDK.
package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

func main() {
	client, err := persona.NewClient()
	if err != nil {
		fmt.Println(err)
		return
	}
	inquiry, err := client.Inquiries.Get(context.Background(), "inq_1")
	fmt.Println(inquiry, err)
	http.Handle("/webhooks/persona", &webhook.Handler{})
}
