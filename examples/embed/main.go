// Embed runs Idem inside a program with its own web server. The server serves Persona's
// webhooks and Idem's API in addition to the program's pages. Idem tells the program each
// change of a verdict, and the program keeps the verdicts in its own table of users.
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
	"sync"
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

	users := &users{}
	idem.OnVerdict(users.update)

	mux := http.NewServeMux()
	mux.Handle("/", idem.Handler()) // webhooks, health, metrics and the API
	mux.Handle("GET /account/{id}", accountPage(users))
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

// users is the program's table of users. A real one is in a database.
type users struct {
	mu   sync.Mutex
	rows map[string]row // by reference id
}

type row struct {
	verdict  service.Verdict
	sequence int64
}

// update stores a verdict. In SQL:
//
//	UPDATE users SET verdict = $1, sequence = $2 WHERE id = $3 AND sequence < $2
func (u *users) update(_ context.Context, change service.VerdictChange) error {
	if change.Environment != service.Sandbox {
		return nil // a verdict of the other environment says nothing about a user of this one
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rows == nil {
		u.rows = map[string]row{}
	}
	if change.Sequence > u.rows[change.Reference].sequence { // a call may be repeated
		u.rows[change.Reference] = row{change.Verdict, change.Sequence}
	}
	return nil
}

func (u *users) verdict(id string) service.Verdict {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rows[id].verdict
}

// accountPage admits approved people.
func accountPage(users *users) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch users.verdict(r.PathValue("id")) {
		case service.VerdictApproved:
			fmt.Fprintln(w, "Welcome.")
		case service.VerdictReview:
			http.Error(w, "We are looking at your documents.", http.StatusForbidden)
		default:
			http.Error(w, "Please verify your identity first.", http.StatusForbidden)
		}
	})
}
