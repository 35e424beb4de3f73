// Package service receives Persona's webhooks, decides by rules and acts at Persona. It
// assembles the store, the queue, the stages, and for each environment a client of Persona
// and a policy. `idem serve` runs it, and a Go program can embed it:
//
//	cfg, err := service.LoadConfig("idem.yaml", os.Getenv)
//	s, err := service.New(ctx, cfg, logger)
//	s.OnVerdict(func(ctx context.Context, change service.VerdictChange) error { … })
//	go http.ListenAndServe(cfg.Listen, s.Handler())
//	err = s.Run(ctx) // returns when ctx ends
//
// A program has two ways to learn a verdict. [Service.OnVerdict] calls it for each change, at
// least once, so that it can keep a column of its own. [Service.Subject] asks. A program that
// does not embed the service uses package idem instead.
//
// The handler serves Persona's webhooks at POST /webhooks/persona/{environment}, and
// /healthz, /readyz and /metrics. With a token it also serves the API below /v1, which
// /openapi.json describes.
package service
