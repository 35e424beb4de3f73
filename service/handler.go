package service

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/idemhq/idem/internal/api"
)

// Handler serves webhooks, health checks, metrics and the API. It answers paths with "." or
// ".." with 404, since they would lead to another subject. An [http.ServeMux] before it
// redirects them: if your references may be "." or "..", write their dots as %2E, as package
// idem does, or call Handler without a mux.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/persona/{environment}", s.intake)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.Handle("GET /metrics", s.metrics.Handler())
	proxies, _ := s.cfg.proxies() // New has checked them
	api.Register(mux, api.Deps{
		Store: s.db, Environments: slices.Sorted(maps.Keys(s.cfg.Environments)), Token: s.cfg.APIToken.Reveal(), Proxies: proxies, Logger: s.logger, Now: s.db.Now,
		Explain: s.explain, Deliverer: s.deliverer, Verifier: s.verifier, Watch: s.watch, Network: s.cfg.network(), Stopping: s.stopping,
	})
	return api.ExactPaths(mux)
}

// serveReady answers 200 if the service can store events: it is running and its database
// accepts writes. Keys, secrets and policies were checked by [New]. Stuck work is listed in
// the answer, but does not make the service unready.
func (s *Service) serveReady(w http.ResponseWriter, r *http.Request) {
	if s.newer.Load() {
		http.Error(w, "a newer version of Idem migrated the database: restart this node with that version", http.StatusServiceUnavailable)
		return
	}
	if !s.ready.Load() {
		http.Error(w, "the service is starting or stopping", http.StatusServiceUnavailable)
		return
	}
	if err := s.db.Ping(r.Context()); err != nil {
		s.logger.ErrorContext(r.Context(), "the database rejects writes", "error", err)
		http.Error(w, "the database rejects writes", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
	if text := s.reloaded.Load().String(); text != "" {
		fmt.Fprintln(w, "configuration:", text)
	}
	s.writeStuck(r.Context(), w)
}
