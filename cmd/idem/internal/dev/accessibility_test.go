package dev

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/idemhq/idem/internal/chromium"
)

func TestEverybodyCanUseTheStatusPage(t *testing.T) {
	ctx := chromium.Start(t, chromium.Axe)
	at, stop := startWith(t, Options{Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	check := func(name, address string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
			t.Fatalf("open %s: %v", name, err)
		}
		chromium.Check(t, ctx, name)
	}
	check("the page without people", at.Service)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for reference, outcome := range map[string]string{`"><b>ada`: "pass", strings.Repeat("unbreakable", 9): "review", "bob": "fail"} {
		response, err := client.PostForm(at.Service+"/status/applicants", url.Values{"reference": {reference}, "outcome": {outcome}})
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	for deadline := time.Now().Add(30 * time.Second); verdict(t, client, at, "bob") != "review"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("bob has no verdict")
		}
	}
	check("the page with people", at.Service)
	check("the page that is watched", at.Service+"/?watch=1")
	if err := stop(); err != nil {
		t.Error(err)
	}
}
