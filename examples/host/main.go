// Host is a small application that uses Idem to verify its users. docs/quickstart.md runs it.
//
//	POST /users/{id}/verify   what the user needs to be verified, such as a link
//	GET  /users/{id}          the verdict on the user
//	POST /webhooks/idem       where Idem tells the verdicts
//
// IDEM_URL, IDEM_API_TOKEN and IDEM_NOTIFICATIONS_SECRET say where Idem is and what the two
// share. IDEM_ENVIRONMENT is production or sandbox.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/idemhq/idem"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	environment := idem.Environment(cmp.Or(os.Getenv("IDEM_ENVIRONMENT"), string(idem.Production)))
	client, err := idem.New(cmp.Or(os.Getenv("IDEM_URL"), "http://127.0.0.1:8080"), os.Getenv("IDEM_API_TOKEN"), idem.WithEnvironment(environment))
	if err != nil {
		return err
	}
	users := &users{environment: environment, rows: map[string]user{}}
	notifications, err := idem.NotificationHandler([]string{os.Getenv("IDEM_NOTIFICATIONS_SECRET")}, &idem.Memory{}, users.update)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/idem", notifications)
	mux.Handle("POST /users/{id}/verify", verifyPage(client))
	mux.Handle("GET /users/{id}", userPage(users))

	server := &http.Server{Addr: cmp.Or(os.Getenv("HOST_LISTEN"), "127.0.0.1:3000"), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// verifyPage starts or continues the verification of a user. A real application knows the
// user by the session.
func verifyPage(client *idem.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := client.Verify(r.Context(), idem.VerifyParams{Reference: r.PathValue("id"), Flow: "kyc"})
		if err != nil {
			log.Print(err)
			http.Error(w, "please try again", http.StatusServiceUnavailable)
			return
		}
		answer := map[string]string{"verdict": string(v.Verdict), "action": string(v.Action), "link": v.Link}
		if v.Inquiry != nil {
			answer["inquiry"] = v.Inquiry.ID
		}
		write(w, answer)
	})
}

// userPage shows the verdict. It asks nobody: Idem has told it.
func userPage(users *users) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdict := users.verdict(r.PathValue("id"))
		write(w, map[string]any{"verdict": verdict, "may_proceed": verdict == idem.VerdictApproved})
	})
}

func write(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)       // so that a link can be copied
	if encoder.Encode(answer) != nil { // the client has left
		return
	}
}

// users is the table of users. A real one is in a database.
type users struct {
	environment idem.Environment
	mu          sync.Mutex
	rows        map[string]user
}

type user struct {
	verdict  idem.Verdict
	sequence int64
}

// update stores a verdict. In SQL:
//
//	UPDATE users SET verdict = $1, sequence = $2 WHERE id = $3 AND sequence < $2
func (u *users) update(_ context.Context, n idem.Notification) error {
	if n.Type != idem.NotifyVerdictChanged || n.Environment != u.environment {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if n.SubjectSequence > u.rows[n.Reference].sequence {
		u.rows[n.Reference] = user{n.Verdict, n.SubjectSequence}
	}
	return nil
}

func (u *users) verdict(id string) idem.Verdict {
	u.mu.Lock()
	defer u.mu.Unlock()
	return cmp.Or(u.rows[id].verdict, idem.VerdictNone)
}
