// Embed runs Idem inside a program with its own web server. The server serves Persona's
// webhooks and Idem's API in addition to the program's pages, and a page reads a verdict
// without a network call.
//
//	IDEM_SANDBOX_API_KEY=persona_sandbox_… IDEM_SANDBOX_WEBHOOK_SECRETS=wbhsec_… go run ./examples/embed
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/idemhq/idem/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	cfg, err := service.LoadConfig("", os.Getenv)
	if err != nil {
		return err
	}
	idem, err := service.New(ctx, cfg, cfg.Logger(os.Stderr))
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/", idem.Handler()) // webhooks, health, metrics and the API
	mux.Handle("GET /account/{id}", accountPage(idem))
	server := &http.Server{Addr: cfg.Listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	serving := make(chan error, 1)
	go func() { serving <- server.ListenAndServe() }()
	working := make(chan error, 1)
	go func() { working <- idem.Run(ctx) }()

	select {
	case err = <-serving: // for example, the address is in use
	case err = <-working: // the service was told to stop, or could not start
	}
	if err != nil {
		return err
	}
	shutdown, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(shutdown)
}

// accountPage admits approved people.
func accountPage(idem *service.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject, err := idem.Subject(r.Context(), service.Sandbox, r.PathValue("id"))
		switch {
		case err != nil:
			http.Error(w, "please try again", http.StatusServiceUnavailable)
		case subject.Verdict == service.VerdictApproved:
			fmt.Fprintln(w, "Welcome.")
		case subject.Verdict == service.VerdictReview:
			http.Error(w, "We are looking at your documents.", http.StatusForbidden)
		default:
			http.Error(w, "Please verify your identity first.", http.StatusForbidden)
		}
	})
}
