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
	check("the page that is watched", chromium.Still(t, at.Service)+"/?watch=1")
	for name, link := range map[string]string{"a person": "/status/person?", "an object": "/status/object?", "a decision": "/status/decision?"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(at.Service)); err != nil {
			t.Fatal(err)
		}
		address, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("a[href^='`+link+`']").href`))
		if err != nil {
			t.Fatalf("the page links to no %s: %v", link, err)
		}
		check(name, address)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
