package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// Deliverer delivers notifications to endpoints.
type Deliverer interface {
	// Configured reports whether an endpoint is in this node's configuration.
	Configured(env domain.Environment, name string) bool

	// Test sends a test message now.
	Test(ctx context.Context, e domain.Endpoint) (domain.Attempt, error)
}

// maxEndpoints limits the endpoints of an environment: each has its own connections.
const maxEndpoints = 100

// Endpoint is an address of the host application that receives notifications.
type Endpoint struct {
	Name        string           `json:"name"`
	URL         string           `json:"url"`
	Types       []string         `json:"types" doc:"the types of notifications that it receives; empty means all"`
	Secrets     []EndpointSecret `json:"secrets" doc:"each of them signs; empty for an endpoint of the configuration"`
	Configured  bool             `json:"configured" doc:"it is from the configuration: change it there"`
	Enabled     bool             `json:"enabled"`
	Disabled    string           `json:"disabled,omitempty" doc:"why it is disabled"`
	Failures    int              `json:"failures" doc:"consecutive attempts that it did not answer, or answered with 429 or 5xx"`
	PausedUntil *time.Time       `json:"paused_until" doc:"no attempt is made before; null if it is not paused"`
	Position    int64            `json:"position" doc:"the sequence of the last notification whose delivery was created"`
	CreatedAt   time.Time        `json:"created_at"`
}

// EndpointSecret is a secret of an endpoint. It is masked.
type EndpointSecret struct {
	Secret    domain.Secret `json:"secret" doc:"masked"`
	ExpiresAt *time.Time    `json:"expires_at" doc:"null for never"`
}

func showEndpoint(e domain.Endpoint) Endpoint {
	shown := Endpoint{
		Name: e.Name, URL: e.URL, Types: append([]string{}, e.Types...), Secrets: []EndpointSecret{}, Configured: e.Configured, Enabled: e.Disabled == "", Disabled: e.Disabled,
		Failures: e.Failures, PausedUntil: orNull(e.PausedUntil), Position: e.Position, CreatedAt: e.CreatedAt,
	}
	for _, s := range e.Secrets {
		shown.Secrets = append(shown.Secrets, EndpointSecret{s.Secret, orNull(s.ExpiresAt)})
	}
	return shown
}

// EndpointWithSecret is an endpoint with a secret that was generated. It is shown once.
type EndpointWithSecret struct {
	Endpoint
	Secret string `json:"secret,omitempty" doc:"the generated secret, shown only now; absent if secrets were given"`
}

// registerEndpoints adds the operations on endpoints and deliveries.
func registerEndpoints(api huma.API, s *server) {
	huma.Get(api, "/v1/{environment}/endpoints", s.listEndpoints, needs(domain.ScopeRead),
		described("list-endpoints", "List endpoints", "The addresses that receive notifications, with their failures and pauses. Secrets are masked."))
	huma.Post(api, "/v1/{environment}/endpoints", s.createEndpoint, withStatus(http.StatusCreated), needs(domain.ScopeAdmin), answersSecret,
		described("create-endpoint", "Create an endpoint", "Without secrets it makes one, and shows it this once."))
	huma.Get(api, "/v1/{environment}/endpoints/{name}", s.getEndpoint, needs(domain.ScopeRead),
		described("get-endpoint", "Show an endpoint", "Secrets are masked."))
	huma.Patch(api, "/v1/{environment}/endpoints/{name}", s.updateEndpoint, needs(domain.ScopeAdmin),
		described("update-endpoint", "Change an endpoint", "Fields that are absent do not change. An endpoint that is enabled again receives what it missed."))
	huma.Delete(api, "/v1/{environment}/endpoints/{name}", s.deleteEndpoint, needs(domain.ScopeAdmin),
		described("delete-endpoint", "Delete an endpoint", "With what was not delivered to it yet."))
	huma.Post(api, "/v1/{environment}/endpoints/{name}/rotate", s.rotateSecret, needs(domain.ScopeAdmin), answersSecret,
		described("rotate-endpoint-secret", "Make a new secret of an endpoint", "The secret is shown only now. The old ones go on signing for the overlap."))
	huma.Post(api, "/v1/{environment}/endpoints/{name}/test", s.testEndpoint, needs(domain.ScopeAct),
		described("test-endpoint", "Send a test message", "Sends an endpoint.test now, and shows the answer."))
	huma.Post(api, "/v1/{environment}/endpoints/{name}/replay", s.replayDeliveries, needs(domain.ScopeAct),
		described("replay-deliveries", "Deliver several notifications again", "All that failed since a moment, or a range of notifications by their sequence."))
	huma.Get(api, "/v1/{environment}/deliveries", listOf[deliveriesInput](s, s.Store.Deliveries, showDelivery), needs(domain.ScopeRead),
		described("list-deliveries", "List deliveries", "Notifications on their way to endpoints, newest first."))
	huma.Get(api, "/v1/{environment}/deliveries/{id}", s.getDelivery, needs(domain.ScopeRead),
		described("get-delivery", "Show a delivery", "With its last ten attempts and the beginning of each answer."))
	huma.Post(api, "/v1/{environment}/deliveries/{id}/replay", s.replayDelivery, needs(domain.ScopeAct),
		described("replay-delivery", "Deliver a notification again", "A receiver recognizes the repetition by its webhook-id."))
}

func withStatus(status int) func(*huma.Operation) {
	return func(o *huma.Operation) { o.DefaultStatus = status }
}

// EndpointInput names one endpoint.
type EndpointInput struct {
	EnvironmentInput
	Name ID `path:"name" doc:"the name of the endpoint"`
}

// endpoint returns the endpoint of a request.
func (s *server) endpoint(ctx context.Context, in EndpointInput) (domain.Endpoint, error) {
	env, err := in.environment(s)
	if err != nil {
		return domain.Endpoint{}, err
	}
	e, err := s.Store.Endpoint(ctx, env, string(in.Name))
	if err != nil {
		return e, s.notFoundOr(ctx, err)
	}
	return e, nil
}

func (s *server) listEndpoints(ctx context.Context, in *EnvironmentInput) (*struct {
	Body struct {
		Data []Endpoint `json:"data" doc:"by their names"`
	}
}, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Endpoints(ctx, env)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	out := &struct {
		Body struct {
			Data []Endpoint `json:"data" doc:"by their names"`
		}
	}{}
	out.Body.Data = showAll(all, showEndpoint)
	return out, nil
}

func (s *server) getEndpoint(ctx context.Context, in *EndpointInput) (*struct{ Body Endpoint }, error) {
	e, err := s.endpoint(ctx, *in)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Endpoint }{showEndpoint(e)}, nil
}

func (s *server) createEndpoint(ctx context.Context, in *struct {
	EnvironmentInput
	Body struct {
		Name    string   `json:"name" doc:"small letters, digits and dashes"`
		URL     string   `json:"url" doc:"https in production"`
		Types   []string `json:"types,omitempty" maxItems:"50" doc:"the types of notifications that it receives; default: all"`
		Secrets []string `json:"secrets,omitempty" maxItems:"10" doc:"whsec_…; default: one is generated"`
		After   *int64   `json:"after,omitempty" minimum:"0" doc:"begin after this sequence; default: after the last notification"`
	}
}) (*struct{ Body EndpointWithSecret }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	e := domain.Endpoint{Environment: env, Name: in.Body.Name, URL: in.Body.URL, Types: in.Body.Types, Position: -1, CreatedAt: s.Now()}
	if in.Body.After != nil {
		e.Position = *in.Body.After
		if err := s.reached(ctx, env, e.Position, "body.after"); err != nil {
			return nil, err
		}
	}
	made := ""
	if e.Secrets = signing(in.Body.Secrets); len(e.Secrets) == 0 {
		secret := deliver.NewSecret()
		e.Secrets, made = []domain.SigningSecret{{Secret: secret}}, secret.Reveal()
	}
	if err := s.checkEndpoint(e); err != nil {
		return nil, err
	}
	all, err := s.Store.Endpoints(ctx, env)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	if len(all) >= maxEndpoints {
		return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("an environment has at most %d endpoints", maxEndpoints))
	}
	err = s.Store.CreateEndpoint(ctx, e, s.said(ctx, env, "endpoint.created", e.Name))
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, huma.Error409Conflict("there is an endpoint of this name")
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	stored, err := s.Store.Endpoint(ctx, env, e.Name)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body EndpointWithSecret }{EndpointWithSecret{showEndpoint(stored), made}}, nil
}

// signing returns secrets that do not expire.
func signing(texts []string) []domain.SigningSecret {
	var secrets []domain.SigningSecret
	for _, text := range texts {
		secrets = append(secrets, domain.SigningSecret{Secret: domain.Secret(text)})
	}
	return secrets
}

// checkEndpoint rejects invalid settings.
func (s *server) checkEndpoint(e domain.Endpoint) error {
	var problems []error
	check := func(where string, err error) {
		if err != nil {
			problems = append(problems, &huma.ErrorDetail{Location: "body." + where, Message: err.Error()})
		}
	}
	check("name", deliver.CheckName(e.Name))
	check("url", s.Network.CheckURL(e.Environment, e.URL))
	for i, typ := range e.Types {
		check(fmt.Sprintf("types[%d]", i), notify.CheckType(typ))
	}
	for i, secret := range e.Secrets {
		check(fmt.Sprintf("secrets[%d]", i), deliver.CheckSecret(secret.Secret))
	}
	if len(problems) > 0 {
		return problem(invalidRequest, "the endpoint is not valid: errors says what to correct", fieldsOf(problems)...)
	}
	return nil
}

// said returns the audit entry of a change.
func (s *server) said(ctx context.Context, env domain.Environment, what, detail string) []audit.Entry {
	return []audit.Entry{{Environment: env, At: s.Now(), Actor: actorOf(ctx), What: what, Detail: detail}}
}

// errConfigured is the answer to a change of an endpoint that is from the configuration.
func errConfigured() error {
	return huma.Error409Conflict("the endpoint is from the configuration: change it there")
}

func (s *server) updateEndpoint(ctx context.Context, in *struct {
	EndpointInput
	Body struct {
		URL     *string   `json:"url,omitempty"`
		Types   *[]string `json:"types,omitempty" maxItems:"50" doc:"an empty list for all"`
		Secrets *[]string `json:"secrets,omitempty" minItems:"1" maxItems:"10" doc:"replaces all secrets: keep the old one until all receivers know the new one"`
		Enabled *bool     `json:"enabled,omitempty" doc:"notifications that come while it is disabled are delivered when it is enabled again"`
	}
}) (*struct{ Body Endpoint }, error) {
	e, err := s.endpoint(ctx, in.EndpointInput)
	if err != nil {
		return nil, err
	}
	if e.Configured && (in.Body.URL != nil || in.Body.Types != nil || in.Body.Secrets != nil) {
		return nil, errConfigured()
	}
	if in.Body.URL != nil {
		e = deliver.Move(e, *in.Body.URL)
	}
	if in.Body.Types != nil {
		e.Types = *in.Body.Types
	}
	if in.Body.Secrets != nil {
		e.Secrets = signing(*in.Body.Secrets)
	}
	switch enabled := in.Body.Enabled; {
	case enabled == nil:
	case *enabled:
		e.Disabled = ""
	case e.Disabled == "":
		e.Disabled = "by a request of the API"
	}
	if !e.Configured {
		if err := s.checkEndpoint(e); err != nil {
			return nil, err
		}
	}
	return s.saveEndpoint(ctx, e, "endpoint.changed")
}

// saveEndpoint saves settings and returns the stored endpoint.
func (s *server) saveEndpoint(ctx context.Context, e domain.Endpoint, what string) (*struct{ Body Endpoint }, error) {
	err := s.Store.UpdateEndpoint(ctx, e, s.said(ctx, e.Environment, what, e.Name))
	switch {
	case errors.Is(err, store.ErrChanged):
		return nil, huma.Error409Conflict("the endpoint was changed meanwhile: read it and try again")
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	if e, err = s.Store.Endpoint(ctx, e.Environment, e.Name); err != nil {
		return nil, s.notFoundOr(ctx, err)
	}
	return &struct{ Body Endpoint }{showEndpoint(e)}, nil
}

func (s *server) deleteEndpoint(ctx context.Context, in *EndpointInput) (*struct{}, error) {
	e, err := s.endpoint(ctx, *in)
	if err != nil {
		return nil, err
	}
	if e.Configured && s.Deliverer.Configured(e.Environment, e.Name) {
		return nil, errConfigured()
	}
	if err := s.Store.DeleteEndpoint(ctx, e.Environment, e.Name, s.said(ctx, e.Environment, "endpoint.deleted", e.Name)); err != nil {
		return nil, s.notFoundOr(ctx, err)
	}
	return nil, nil
}

// maxOverlap is how long an old secret can remain valid.
const maxOverlap = 30 * 24 * time.Hour

func (s *server) rotateSecret(ctx context.Context, in *struct {
	EndpointInput
	Body struct {
		Overlap string `json:"overlap,omitempty" default:"24h" doc:"how long the old secrets remain valid, such as 90m or 24h; at most 720h"`
	}
}) (*struct{ Body EndpointWithSecret }, error) {
	e, err := s.endpoint(ctx, in.EndpointInput)
	if err != nil {
		return nil, err
	}
	if e.Configured {
		return nil, errConfigured()
	}
	overlap, err := time.ParseDuration(in.Body.Overlap)
	if err != nil || overlap < 0 || overlap > maxOverlap {
		return nil, huma.Error422UnprocessableEntity("overlap is not a duration between 0s and 720h")
	}
	secret := deliver.NewSecret()
	rotated, ends := []domain.SigningSecret{{Secret: secret}}, s.Now().Add(overlap)
	for _, old := range e.Secrets {
		if !old.ExpiresAt.IsZero() && old.ExpiresAt.Before(s.Now()) {
			continue
		}
		if old.ExpiresAt.IsZero() || old.ExpiresAt.After(ends) {
			old.ExpiresAt = ends
		}
		rotated = append(rotated, old)
	}
	e.Secrets = rotated
	saved, err := s.saveEndpoint(ctx, e, "endpoint.secret_rotated")
	if err != nil {
		return nil, err
	}
	return &struct{ Body EndpointWithSecret }{EndpointWithSecret{saved.Body, secret.Reveal()}}, nil
}

// Tested is the result of a test message.
type Tested struct {
	Accepted bool           `json:"accepted"`
	Attempt  domain.Attempt `json:"attempt"`
}

func (s *server) testEndpoint(ctx context.Context, in *EndpointInput) (*struct{ Body Tested }, error) {
	e, err := s.endpoint(ctx, *in)
	if err != nil {
		return nil, err
	}
	a, err := s.Deliverer.Test(ctx, e)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body Tested }{Tested{a.Status >= 200 && a.Status < 300, a}}, nil
}
