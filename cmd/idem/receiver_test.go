package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/idemhq/idem/persona/webhook"
)

// receiver starts a receiver of webhooks and puts its address into a variable. It answers
// /status/500 with 500 and everything else with 200, and appends a line for each request
// to a file: path, attempt, whether the signature is valid, body.
func receiver(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: receiver VARIABLE SECRET FILE")
	}
	file, err := os.OpenFile(ts.MkAbs(args[2]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signature := "valid"
		if err := webhook.VerifyHeader(body, r.Header, []string{args[1]}); err != nil {
			signature = "invalid"
		}
		mu.Lock()
		fmt.Fprintf(file, "%s %s %s %s\n", r.URL.Path, r.Header.Get("Persona-Webhook-Attempts-Made"), signature, body)
		mu.Unlock()
		status := http.StatusOK
		if text, ok := strings.CutPrefix(r.URL.Path, "/status/"); ok {
			status, _ = strconv.Atoi(text)
		}
		w.WriteHeader(status)
		fmt.Fprintln(w, "received", r.Header.Get("X-Test"))
	}))
	ts.Defer(func() {
		server.Close()
		file.Close()
	})
	ts.Setenv(args[0], server.URL)
}
