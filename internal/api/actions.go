package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/replay"
	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/store"
)

// Action is a call at Persona. Lists leave out Said and Result unless they are asked for.
type Action struct {
	ID             string             `json:"id" doc:"axn_…"`
	DecisionID     string             `json:"decision_id" doc:"empty for an action that no decision asked for"`
	Kind           domain.ActionKind  `json:"kind" doc:"such as approve_inquiry"`
	Target         domain.Ref         `json:"target,omitzero" doc:"the object that it acts on; absent if there is none"`
	Arguments      map[string]string  `json:"arguments,omitempty" doc:"the status or the tag"`
	IdempotencyKey string             `json:"idempotency_key" doc:"is sent to Persona"`
	State          domain.ActionState `json:"state" enum:"waiting,done,already_done,dropped,dead,discarded,skipped" doc:"done: Persona accepted the call; already_done: the effect was there; dropped: its precondition does not hold; skipped: nothing to act on; dead: rejected for good or given up; discarded: was dead, and nothing is left to do"`
	Attempts       int                `json:"attempts" doc:"how often it was tried"`
	NextAttemptAt  *time.Time         `json:"next_attempt_at" doc:"null if it is finished or due"`
	Outcome        string             `json:"outcome" doc:"what came of it, in one line without personal data"`
	Said           string             `json:"said,omitempty" doc:"what Persona said when it refused last; can name a person"`
	RequestID      string             `json:"request_id,omitempty" doc:"of the last answer of Persona"`
	Result         json.RawMessage    `json:"result,omitempty" doc:"can be a credential, such as a one-time link; stored only with secrets_key"`
	CreatedAt      time.Time          `json:"created_at"`
	FinishedAt     *time.Time         `json:"finished_at" doc:"null while it waits"`
}

func showAction(a domain.Action) Action {
	decision := a.DecisionID
	if strings.HasPrefix(decision, domain.WithoutDecision) {
		decision = ""
	}
	return Action{
		a.ID, decision, a.Spec.Kind, a.Spec.Target, a.Spec.Arguments, a.IdempotencyKey, a.State, a.Attempts, orNull(a.NextAttemptAt), a.Outcome, a.Said, a.RequestID, a.Result,
		a.CreatedAt, orNull(a.FinishedAt),
	}
}

// sensitive reports whether an action shows personal data or a credential.
func (a Action) sensitive() bool { return a.Said != "" || len(a.Result) > 0 }

// registerActions adds the operations on actions.
func registerActions(api huma.API, s *server) {
	read, act := needs(domain.ScopeRead), needs(domain.ScopeAct)
	huma.Get(api, "/v1/{environment}/actions", s.listActions, read,
		described("list-actions", "List actions", "Calls to Persona, newest first."))
	huma.Get(api, "/v1/{environment}/actions/{id}", s.getAction, read,
		described("get-action", "Show an action", "With who requested, retried or discarded it, what Persona said, and the result."))
	huma.Post(api, "/v1/{environment}/actions", s.requestAction, withStatus(http.StatusCreated), act,
		described("request-action", "Request an action by hand", "The action is performed as if a decision had asked for it: it is dropped if its precondition does not hold."))
	huma.Post(api, "/v1/{environment}/actions/{id}/replay", s.replayAction, act,
		described("replay-action", "Perform a dead action again", "And the actions that were dropped because of it. Each checks its precondition first, and gets a new idempotency key."))
	huma.Post(api, "/v1/{environment}/actions/{id}/discard", s.discardAction, act,
		described("discard-action", "Discard a dead action", "For when nothing is left to do about it. The audit trail records the reason."))
}

func (s *server) listActions(ctx context.Context, in *struct {
	ActionsInput
	Details bool `query:"details" doc:"also show said and result; the audit trail records it"`
}) (*listOutput[Action], error) {
	out, err := listOf[ActionsInput](s, s.Store.Actions, showAction)(ctx, &in.ActionsInput)
	if err != nil {
		return nil, err
	}
	var shown []string
	for i := range out.Body.Data {
		a := &out.Body.Data[i]
		switch {
		case !in.Details:
			a.Said, a.Result = "", nil
		case a.sensitive():
			shown = append(shown, a.ID)
		}
	}
	if len(shown) == 0 {
		return out, nil
	}
	return out, s.recordRead(ctx, domain.Environment(in.Environment), "actions.read", domain.Ref{}, strings.Join(shown, ", "))
}

// ActionDetail is an action with what the audit trail has about it.
type ActionDetail struct {
	Action
	Audit []audit.Entry `json:"audit" doc:"who requested, retried or discarded it and why, and how it ended; oldest first"`
}

func (s *server) getAction(ctx context.Context, in *IDInput) (*struct{ Body ActionDetail }, error) {
	env, a, err := rowOf(ctx, s, in, s.Store.Action)
	if err != nil {
		return nil, err
	}
	return s.showFate(ctx, env, a)
}

// actionRead is what the audit trail says of a read of an action.
const actionRead = "action.read"

// showFate returns an action with its audit entries, without the reads: this one would change
// the answer to the next, and its ETag.
func (s *server) showFate(ctx context.Context, env domain.Environment, a domain.Action) (*struct{ Body ActionDetail }, error) {
	detail := ActionDetail{Action: showAction(a), Audit: []audit.Entry{}}
	entries, err := s.Store.AuditOf(ctx, env, []string{a.Spec.Target.ID})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Detail, a.ID) && strings.HasPrefix(e.What, "action.") && e.What != actionRead {
			detail.Audit = append(detail.Audit, e)
		}
	}
	if detail.sensitive() {
		if err := s.recordRead(ctx, env, actionRead, a.Spec.Target, a.ID); err != nil {
			return nil, err
		}
	}
	return &struct{ Body ActionDetail }{detail}, nil
}

// maxReason limits the reason that a person gives, in characters.
const maxReason = 500

func (s *server) requestAction(ctx context.Context, in *struct {
	EnvironmentInput
	Body struct {
		Kind     string `json:"kind" doc:"such as approve_inquiry, set_case_status or tag_inquiry"`
		Target   ID     `json:"target" doc:"the id of the inquiry, case or account"`
		Argument string `json:"argument,omitempty" maxLength:"200" doc:"the status or tag, for kinds that have one"`
		Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"for the audit trail; without personal data"`
		Expects  string `json:"expects,omitempty" maxLength:"200" doc:"the status that the target must have; default: the one that is stored now"`
	}
}) (*struct{ Body ActionDetail }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	kind, err := kindFor(env, in.Body.Kind, in.Body.Argument)
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx, env, kind, string(in.Body.Target))
	if err != nil {
		return nil, err
	}
	now := s.Now()
	spec := domain.ActionSpec{Kind: kind.Name, Target: target.Ref, Arguments: kind.Arguments(in.Body.Argument), Expects: cmp.Or(in.Body.Expects, target.Status)}
	id := domain.NewID("axn")
	a := domain.Action{
		ID: id, Environment: env, DecisionID: domain.WithoutDecision + id, Spec: spec, KeyMadeAt: now, State: domain.ActionWaiting, CreatedAt: now,
	}
	a.DerivedKey = s.keyByHand(ctx, env, a)
	a.IdempotencyKey = a.DerivedKey
	entry := audit.Entry{Environment: env, At: now, Actor: actorOf(ctx), What: "action.requested", About: target.Ref, Detail: fmt.Sprintf("%s %s: %s", a.ID, kind.Name, oneLine(in.Body.Reason))}
	stored, err := s.Store.RequestAction(ctx, a, []audit.Entry{entry})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	// It may be finished already, and the answer is stored with an idempotency key: what can be
	// a credential is only in the answer to a GET.
	stored.Said, stored.Result = "", nil
	return s.showFate(ctx, env, stored)
}

// keyByHand derives the key of an action that a person requests. A request with an
// idempotency key that is repeated after a crash leads to the same action.
func (s *server) keyByHand(ctx context.Context, env domain.Environment, a domain.Action) string {
	request := a.ID
	if r, ok := requestOf(ctx); ok {
		request = r.Token + " " + r.Key
	}
	return action.Key(env, domain.WithoutDecision, request, domain.Transition{}, a.Spec)
}

// kindFor returns a kind of action that a person may request with an argument.
func kindFor(env domain.Environment, name, argument string) (action.Kind, error) {
	kind, known := action.Find(domain.ActionKind(name))
	wrong := func(where, message string) error {
		return problem(invalidRequest, message, ProblemField{"body." + where, message})
	}
	switch {
	case !known:
		return kind, wrong("kind", "there is no such kind of action"+spelling.DidYouMean(name, action.Names())+"; there are "+strings.Join(action.Names(), ", "))
	case kind.SandboxOnly && env != domain.Sandbox:
		return kind, wrong("kind", "inquiries are simulated in the sandbox only")
	case kind.Argument == "" && argument != "":
		return kind, wrong("argument", "this kind of action has no argument")
	case kind.Argument != "" && strings.TrimSpace(argument) == "":
		return kind, wrong("argument", "this kind of action needs an argument: the "+kind.Argument)
	case domain.Storable(argument, len(argument)) != argument:
		return kind, wrong("argument", "the argument has a character that cannot be stored")
	}
	return kind, nil
}

// target returns the stored object that an action of a kind is to act on.
func (s *server) target(ctx context.Context, env domain.Environment, kind action.Kind, id string) (domain.Object, error) {
	page, err := s.Store.Objects(ctx, env, store.Filter{Object: domain.Ref{ID: id}, Limit: 10})
	if err != nil {
		return domain.Object{}, s.failed(ctx, err)
	}
	for _, o := range page.Rows {
		if o.Ref.Family() == kind.Target {
			return o, nil
		}
	}
	if len(page.Rows) > 0 {
		message := fmt.Sprintf("%s acts on an object of the type %s, and this one is of the type %s", kind.Name, kind.Target, page.Rows[0].Ref.Family())
		return domain.Object{}, problem(invalidRequest, message, ProblemField{"body.target", message})
	}
	return domain.Object{}, problem(notFound, "there is no such "+kind.Target+" in this environment")
}

// oneLine makes a text fit into an audit entry.
func oneLine(text string) string {
	return strings.Join(strings.Fields(domain.Storable(text, 4*maxReason)), " ")
}

func (s *server) replayAction(ctx context.Context, in *IDInput) (*struct{ Body Replayed }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	err = replay.Action(ctx, s.Store, env, string(in.ID), actorOf(ctx), s.Now())
	var alive *replay.NotDeadError
	switch {
	case errors.As(err, &alive):
		return nil, problem(conflict, alive.Error())
	case err != nil:
		return nil, s.notFoundOr(ctx, err)
	}
	return &struct{ Body Replayed }{Replayed{1}}, nil
}

func (s *server) discardAction(ctx context.Context, in *struct {
	IDInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"for the audit trail; without personal data"`
	}
}) (*struct{ Body ActionDetail }, error) {
	env, a, err := rowOf(ctx, s, &in.IDInput, s.Store.Action)
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Environment: env, At: s.Now(), Actor: actorOf(ctx), What: "action.discarded", About: a.Spec.Target, Detail: a.ID + ": " + oneLine(in.Body.Reason)}
	err = s.Store.Discard(ctx, env, a.ID, []audit.Entry{entry})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, problem(conflict, fmt.Sprintf("the action is %s: only dead actions are discarded", a.State))
	case err != nil:
		return nil, s.failed(ctx, err)
	}
	if a, err = s.Store.Action(ctx, env, a.ID); err != nil {
		return nil, s.notFoundOr(ctx, err)
	}
	return s.showFate(ctx, env, a)
}
