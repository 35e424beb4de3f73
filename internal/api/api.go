package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/auth"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/verify"
)

// Deps are the API's dependencies.
type Deps struct {
	Store        store.Store
	Environments []domain.Environment // the configured environments
	Token        string               // the token of the configuration; empty for none
	Proxies      []netip.Prefix       // whose X-Forwarded-For header is believed
	Logger       *slog.Logger
	Now          func() time.Time

	Explain   Explain
	Deliverer Deliverer
	Verifier  *verify.Verifier
	Watch     Watch
	Network   deliver.Network // what endpoints can be reached
	Stopping  <-chan struct{} // closed when streams must end
}

// Register adds the API to a mux, at /v1/, with its description at /openapi.json, /docs and
// /problems/. Without any token, every request is answered with how to enable the API.
func Register(mux *http.ServeMux, d Deps) {
	s := &server{d}
	config := huma.DefaultConfig("Idem", "1")
	config.DocsPath = ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.CreateHooks = nil // no $schema in answers
	config.OnAddOperation = append(config.OnAddOperation, func(_ *huma.OpenAPI, o *huma.Operation) {
		o.BodyReadTimeout = -1 // Huma would never lift its limit: see receive
	})
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{asProblem}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	api := humago.New(newPaths(mux), config)
	api.UseMiddleware(identify, s.survive, access(auth.New(s.Store, domain.Secret(s.Token), s.Proxies, s.Now), s.failed), exactQuery, receive, s.repeatable, tag)
	registerRows(api, s)
	registerExplain(api, s)
	registerEndpoints(api, s)
	registerVerifications(api, s)
	registerStream(api, s)
	registerActions(api, s)
	registerTokens(api, s)
	describe(api.OpenAPI())
	registerDocs(mux, api.OpenAPI())
}

// schemaName names the schema of a type. That of a type without a name is made of the id of its
// operation, without the dashes: UpdateEndpointRequest.
func schemaName(t reflect.Type, hint string) string {
	parts := strings.Split(huma.DefaultSchemaNamer(t, hint), "-")
	for i, part := range parts {
		parts[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}

// registerRows adds the operations on what the service has stored and done.
func registerRows(api huma.API, s *server) {
	read, act := needs(domain.ScopeRead), needs(domain.ScopeAct)
	huma.Get(api, "/v1/{environment}/subjects", s.listSubjects, read,
		described("list-subjects", "List subjects", "People and businesses with their verdicts. Those whose verdict is the oldest come first."))
	huma.Get(api, "/v1/{environment}/subjects/{reference}", s.getSubject, read,
		described("get-subject", "Show the verdict on a subject", "May this person or business proceed? An unknown reference has the verdict none."))
	huma.Get(api, "/v1/{environment}/subjects/{reference}/evidence", s.getEvidence, read,
		described("get-evidence", "Show why a subject has its verdict", "The latest decisions behind the verdict, with the checks, verifications and reports that they were based on, and without personal data."))
	huma.Get(api, "/v1/{environment}/subjects/{reference}/timeline", s.getTimeline, read,
		described("get-timeline", "List what happened to a subject", "Events, transitions, decisions, actions, notifications, deliveries and audit entries, newest first."))
	huma.Get(api, "/v1/environments", s.listEnvironments, read,
		described("list-environments", "List the environments", "The configured environments, and whether each is healthy."))
	huma.Get(api, "/v1/{environment}/objects/{id}", s.getObject, read,
		described("get-object", "Show an object", "The copy of a resource at Persona, with its attributes. They are personal data: the audit trail records that they were read."))
	huma.Get(api, "/v1/{environment}/cases", listOf[PageInput](s, s.cases, showObject), read,
		described("list-cases", "List cases", "Newest first, without attributes."))
	huma.Get(api, "/v1/{environment}/cases/{id}", s.getCase, read,
		described("get-case", "Show a case", "With its attributes. They are personal data: the audit trail records that they were read."))
	huma.Get(api, "/v1/{environment}/events", listOf[eventsInput](s, s.Store.Events, showEvent), read,
		described("list-events", "List events", "Persona's events, newest first, without bodies."))
	huma.Get(api, "/v1/{environment}/objects", listOf[ObjectPageInput](s, s.Store.Objects, showObject), read,
		described("list-objects", "List objects", "The copies of Persona's resources, newest first, without attributes."))
	huma.Get(api, "/v1/{environment}/decisions", listOf[ObjectPageInput](s, s.Store.Decisions, showDecision), read,
		described("list-decisions", "List decisions", "The results of the policy, newest first, without facts."))
	huma.Get(api, "/v1/{environment}/decisions/{id}", s.getDecision, read,
		described("get-decision", "Show a decision", "With the facts that it was made on. They are personal data: the audit trail records that they were read."))
	huma.Get(api, "/v1/{environment}/notifications", s.listNotifications, read,
		described("list-notifications", "List notifications", "Newest first. To poll, begin with after=0, which lists the oldest first, and pass the next of each answer as after."))
	huma.Get(api, "/v1/{environment}/reconciliations", listOf[PageInput](s, s.Store.Reconciliations, showReconciliation), read,
		described("list-reconciliations", "List reconciliations", "Comparisons of Persona's list of events with the stored ones, newest first."))
	huma.Get(api, "/v1/{environment}/backlog", s.getBacklog, read,
		described("get-backlog", "Show unfinished work", "Counts of waiting, retried and poison events and of waiting and dead actions, and the oldest waiting events."))
	huma.Get(api, "/v1/{environment}/audit", s.getAudit, read,
		described("list-audit-entries", "List the audit trail", "Who did what, oldest first. Each page says whether its part of the hash chain is intact."))
	huma.Get(api, "/v1/{environment}/events/{id}", s.getEvent, read,
		described("get-event", "Show an event", "With its body, and the decisions, actions and notifications that it led to. The body is personal data: the audit trail records that it was read."))
	huma.Post(api, "/v1/{environment}/events/{id}/replay", s.replayEvent, act,
		described("replay-event", "Process an event again", "What was already done is not done again."))
	huma.Post(api, "/v1/{environment}/replay", s.replayEvents, act,
		described("replay-events", "Process several events again", "Those of an object, in a state, or from a time. What was already done is not done again."))
}

// server answers the API's requests.
type server struct{ Deps }

// EnvironmentInput is the environment in a path.
type EnvironmentInput struct {
	Environment string `path:"environment" enum:"sandbox,production" doc:"each has its own data, keys and policy"`
}

func (in EnvironmentInput) environment(s *server) (domain.Environment, error) {
	name := domain.Environment(in.Environment)
	if !slices.Contains(s.Environments, name) {
		return "", problem(unknownEnvironment, "this environment is not configured: there is only "+strings.Join(names(s.Environments), ", "))
	}
	return name, nil
}

// failed logs a database error and hides it from the client.
func (s *server) failed(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return s.unavailable(ctx, err)
}

// unavailable logs a database error and returns the answer to it.
func (s *server) unavailable(ctx context.Context, err error) *Problem {
	s.Logger.ErrorContext(ctx, "API request failed", "request", requestID(ctx), "error", err)
	return problem(unavailable, "the database did not answer: try again")
}

// Event is a Persona event, without its body.
type Event struct {
	ID         string            `json:"id" doc:"evt_…"`
	Name       string            `json:"name" doc:"such as inquiry.approved"`
	CreatedAt  time.Time         `json:"created_at" doc:"when Persona created it"`
	ReceivedAt time.Time         `json:"received_at" doc:"when it was stored"`
	Object     domain.Ref        `json:"object" doc:"what it is about"`
	Via        domain.Via        `json:"via" doc:"how it came: webhook, reconcile or history"`
	State      domain.EventState `json:"state" doc:"waiting, applied, stale (older than what the object shows), unhandled (no object of this kind is kept) or poison (it cannot be processed)"`
	Tries      int               `json:"tries" doc:"how often working on it failed"`
	Reason     string            `json:"reason,omitempty" doc:"why it waits, or why it is poison"`
}

func showEvent(e domain.Event) Event {
	return Event{e.ID, e.Name, e.CreatedAt, e.ReceivedAt, e.Object, e.Via, e.State, e.Tries, e.Reason}
}

// Object is the service's copy of a Persona resource, without its attributes.
type Object struct {
	Object    domain.Ref `json:"object" doc:"its type and id"`
	Status    string     `json:"status" doc:"at Persona"`
	Reference string     `json:"reference,omitempty" doc:"your id of the person or business"`
	AsOf      time.Time  `json:"as_of" doc:"how recent the copy is"`
	EventID   string     `json:"event_id,omitempty" doc:"the event that it comes from; empty if it was read from Persona"`
	Redacted  bool       `json:"redacted" doc:"its data was deleted at Persona"`
}

func showObject(o domain.Object) Object {
	return Object{o.Ref, o.Status, o.ReferenceID, o.AsOf, o.EventID, !o.RedactedAt.IsZero()}
}

// Decision is the result of the policy for one transition, and the reasons.
type Decision struct {
	ID            string                `json:"id" doc:"dec_…"`
	Object        domain.Ref            `json:"object" doc:"the inquiry or case that was decided on"`
	Transition    domain.Transition     `json:"transition" doc:"the change of status that was decided on"`
	Result        domain.DecisionResult `json:"result" enum:"decided,no_rule_matched,incomplete,not_evaluated,superseded"`
	Rule          string                `json:"rule" doc:"that decided, or that could not be evaluated; empty where none matched"`
	PolicyVersion string                `json:"policy_version" doc:"the version of the policy"`
	Explanation   string                `json:"explanation" doc:"why, as the rule says"`
	Reason        string                `json:"reason,omitempty" doc:"why the facts are incomplete, or why the rule could not be evaluated"`
	Actions       []domain.ActionSpec   `json:"actions" doc:"what it asks for at Persona"`
	DecidedAt     time.Time             `json:"decided_at" doc:"when it was made"`
}

func showDecision(d domain.Decision) Decision {
	actions := make([]domain.ActionSpec, len(d.Actions))
	for i, spec := range d.Actions {
		actions[i] = spec
		if spec.Arguments == nil {
			actions[i].Arguments = map[string]string{} // not null
		}
	}
	return Decision{d.ID, d.Object, d.Transition, d.Result, d.Rule, d.PolicyVersion, d.Explanation, d.Reason, actions, d.DecidedAt}
}

// DecisionDetail is a decision with its facts, which contain personal data.
type DecisionDetail struct {
	Decision
	Facts json.RawMessage `json:"facts" doc:"null where none were read"`
}

func (s *server) getDecision(ctx context.Context, in *IDInput) (*struct{ Body DecisionDetail }, error) {
	env, d, err := rowOf(ctx, s, in, s.Store.Decision)
	if err != nil {
		return nil, err
	}
	if err := s.recordRead(ctx, env, "decision.read", d.Object, d.ID); err != nil {
		return nil, err
	}
	return &struct{ Body DecisionDetail }{DecisionDetail{showDecision(d), d.Facts}}, nil
}

// Reconciliation is a comparison of Persona's events with the stored ones.
type Reconciliation struct {
	ID           string     `json:"id"`
	StartedAt    time.Time  `json:"started_at"`
	FinishedAt   *time.Time `json:"finished_at" doc:"null while it is under way"`
	FromEventID  string     `json:"from_event_id" doc:"the newest event when it began: the watermark, once it has finished"`
	Until        *time.Time `json:"until" doc:"how far back it goes; null for as far as Persona's list does"`
	Seen         int        `json:"seen" doc:"events looked at"`
	Missed       int        `json:"missed" doc:"of them, those that had not come by webhook; they are stored now"`
	History      int        `json:"history" doc:"of them, those from before the service knew the environment; they are stored now"`
	OldestMissed *time.Time `json:"oldest_missed"`
	OldestSeen   *time.Time `json:"oldest_seen"`
	Lost         bool       `json:"lost" doc:"Persona's list ended before the watermark: events between may be lost"`
}

func showReconciliation(r domain.Reconciliation) Reconciliation {
	return Reconciliation{
		r.ID, r.StartedAt, orNull(r.FinishedAt), r.From.EventID, orNull(r.Until), r.Seen, r.Missed, r.History, orNull(r.OldestMissed), orNull(r.OldestSeen), r.Lost,
	}
}

// orNull returns nil for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Notification is a message for the host application, as endpoints receive it.
type Notification = notify.Notification

// AuditTrail is a page of the audit trail, and whether its chain is intact.
type AuditTrail struct {
	Intact   bool          `json:"intact" doc:"whether the entries follow each other, and the one before the page"`
	BrokenAt int64         `json:"broken_at,omitempty" doc:"the first sequence that does not fit"`
	Entries  []audit.Entry `json:"entries" doc:"oldest first"`
	Next     int64         `json:"next,omitempty" doc:"give it as after for the next page"`
}

func (s *server) getAudit(ctx context.Context, in *struct {
	EnvironmentInput
	After int64 `query:"after" minimum:"0" doc:"the next of the page before"`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"the maximum number of rows"`
}) (*struct{ Body AuditTrail }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	// Also read the entry before the page: its hash is part of the first entry's.
	entries, err := s.Store.AuditTrail(ctx, env, in.After-1, in.Limit+1)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	previous := audit.Entry{Sequence: in.After}
	if len(entries) > 0 && entries[0].Sequence == in.After {
		previous, entries = entries[0], entries[1:]
	}
	trail := AuditTrail{Entries: entries[:min(len(entries), in.Limit)]}
	trail.BrokenAt = audit.Verify(previous, trail.Entries)
	trail.Intact = trail.BrokenAt == 0
	if n := len(trail.Entries); n == in.Limit {
		trail.Next = trail.Entries[n-1].Sequence
	}
	return &struct{ Body AuditTrail }{trail}, nil
}
