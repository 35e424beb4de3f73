// Package service assembles the service from its parts: the store, the queue, the
// stages, and for each environment a client of Persona and a policy. `idem serve`
// runs it; a Go program can embed it.
//
//	cfg, err := service.LoadConfig("idem.yaml", os.Getenv)
//	s, err := service.New(ctx, cfg, logger)
//	http.ListenAndServe(cfg.Listen, s.Handler()) // beside
//	err = s.Run(ctx)                             // until ctx ends
//
// The handler takes Persona's webhooks at POST /webhooks/persona/{environment}, and
// serves /healthz, /readyz, /metrics and, behind a token, a read API below /v1 that
// describes itself at /openapi.json.
package service
