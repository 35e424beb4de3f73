package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
)

// maxVerifyBody is the maximum length of a request to verify somebody, in bytes.
const maxVerifyBody = 64 << 10

// registerVerifications adds the operations that verify subjects.
func registerVerifications(api huma.API, s *server) {
	const all, one = "/v1/{environment}/verifications", "/v1/{environment}/verifications/{id}"
	small := func(o *huma.Operation) { o.MaxBodyBytes = maxVerifyBody }
	callsPersona := answersAlso(http.StatusNotFound, http.StatusBadGateway, http.StatusServiceUnavailable)
	huma.Post(api, all, s.verify, needs(domain.ScopeVerify), handledAgain, small, callsPersona, answersAlso(http.StatusRequestEntityTooLarge),
		described("verify", "Verify a subject", "Returns the live inquiry of a subject in a flow, with a link or a session token for the person, or starts one. "+
			"However often it is requested, a subject has at most one live inquiry in a flow. 503 with Retry-After means that the same request may succeed later."))
	huma.Get(api, all, listOf[verificationsInput](s, s.Store.Verifications, showVerification), needs(domain.ScopeRead),
		described("list-verifications", "List verifications", "Newest first: how far subjects are in flows."))
	huma.Get(api, one, s.getVerification, needs(domain.ScopeRead), answersAlso(http.StatusNotFound),
		described("get-verification", "Show a verification", "How far a subject is in a flow, with all inquiries. Persona is not called."))
	huma.Post(api, one+"/links", s.linkVerification, needs(domain.ScopeVerify), handledAgain, callsPersona, answersAlso(http.StatusConflict),
		described("link-verification", "Make a link", "A one-time link to the newest inquiry, which must be open or in review."))
	huma.Post(api, one+"/reset", s.resetVerification, needs(domain.ScopeAct), small, answersAlso(http.StatusNotFound, http.StatusRequestEntityTooLarge),
		described("reset-verification", "Allow a new start", "The subject can start again, although all attempts are used up, a cool-down has not ended, or the subject was declined. A live inquiry stays the one there is."))
	huma.Post(api, one+"/cancel", s.cancelVerification, needs(domain.ScopeAct), small, callsPersona, answersAlso(http.StatusConflict, http.StatusRequestEntityTooLarge),
		described("cancel-verification", "Cancel the live inquiry", "Expires the inquiry at Persona, if the person has not finished it. The attempt stays used."))
}

// described names and describes an operation.
func described(id, summary, description string) func(*huma.Operation) {
	return func(o *huma.Operation) { o.OperationID, o.Summary, o.Description = id, summary, description }
}

// answersAlso adds error answers to the description of an operation.
func answersAlso(statuses ...int) func(*huma.Operation) {
	return func(o *huma.Operation) { o.Errors = append(o.Errors, statuses...) }
}

// VerifyInput asks to verify a subject in a flow.
type VerifyInput struct {
	Reference   Reference                  `json:"reference" minLength:"1" example:"user-1042" doc:"your id of the person or business"`
	Flow        string                     `json:"flow" minLength:"1" maxLength:"100" example:"kyc" doc:"the name of a flow in the configuration"`
	Fields      map[string]json.RawMessage `json:"fields,omitempty" maxProperties:"200" example:"{\"name-first\":\"Jane\"}" doc:"fill in a new inquiry, by the template's names of fields; they are not stored, and a reused inquiry keeps its own"`
	RedirectURI string                     `json:"redirect_uri,omitempty" maxLength:"2048" example:"https://host.example/verified" doc:"where Persona's page leads at the end of a new inquiry; https"`
}

// Verified is the answer to a request to verify a subject.
type Verified struct {
	ID           string         `json:"id,omitempty" example:"vfy_5f2b6c1e9a" doc:"of the verification; absent if the subject never needed one"`
	Reference    string         `json:"reference" example:"user-1042"`
	Flow         string         `json:"flow" example:"kyc"`
	Verdict      domain.Verdict `json:"verdict" enum:"none,pending,review,approved,declined,expired,redacted" example:"pending" doc:"on the subject"`
	Action       verify.Action  `json:"action" enum:"created,reused,already_approved,refused" example:"created" doc:"created: a new inquiry; reused: there is a live inquiry; already_approved: none is needed; refused: see reason"`
	Reason       verify.Reason  `json:"reason,omitempty" enum:"declined,attempts_used,cool_down" doc:"why it was refused"`
	RetryAt      *time.Time     `json:"retry_at,omitempty" doc:"when a request may start an inquiry again; absent if only a reset allows it"`
	Attempts     int            `json:"attempts" example:"1" doc:"inquiries since the last reset or approval"`
	Inquiry      *LiveInquiry   `json:"inquiry,omitempty" doc:"the live inquiry"`
	Link         string         `json:"link,omitempty" example:"https://withpersona.com/verify?code=us1-…" doc:"a one-time link for the person; absent in an embedded flow, and if the person has nothing left to do"`
	SessionToken string         `json:"session_token,omitempty" doc:"opens the inquiry in an embedded flow; absent if its id alone opens it"`
	ExpiresAt    *time.Time     `json:"expires_at,omitempty" doc:"when the link or the session token expires"`
}

// LiveInquiry is an inquiry as Persona shows it.
type LiveInquiry struct {
	ID     string `json:"id" example:"inq_…"`
	Status string `json:"status" example:"created" doc:"at Persona"`
}

// Verification says how far a subject is in a flow.
type Verification struct {
	ID        string           `json:"id"`
	Reference string           `json:"reference"`
	Flow      string           `json:"flow"`
	InquiryID string           `json:"inquiry_id,omitempty" doc:"the newest inquiry"`
	Attempts  int              `json:"attempts" doc:"inquiries since the last reset or approval"`
	Starting  bool             `json:"starting" doc:"an inquiry was requested at Persona, and it is not known yet whether it exists"`
	Earlier   []EarlierInquiry `json:"earlier" doc:"the inquiries before the newest, oldest first"`
	CreatedAt time.Time        `json:"created_at"`
	StartedAt *time.Time       `json:"started_at" doc:"when the newest inquiry was started; null if there is none"`
	ResetAt   *time.Time       `json:"reset_at" doc:"the last reset; null if there was none"`
}

// EarlierInquiry is an inquiry that a newer one has replaced.
type EarlierInquiry struct {
	ID        string    `json:"id"`
	StartedAt time.Time `json:"started_at"`
}

func showVerification(v domain.Verification) Verification {
	shown := Verification{
		v.ID, v.Reference, v.Flow, v.Inquiry, v.Attempts, v.Starting, []EarlierInquiry{}, v.CreatedAt, orNull(v.StartedAt), orNull(v.ResetAt),
	}
	for _, e := range v.Earlier {
		shown.Earlier = append(shown.Earlier, EarlierInquiry{e.Inquiry, e.StartedAt})
	}
	return shown
}

func showVerified(reference, flow string, a verify.Answer) Verified {
	shown := Verified{
		ID: a.Verification.ID, Reference: reference, Flow: flow, Verdict: a.Verdict, Action: a.Action, Reason: a.Reason, RetryAt: orNull(a.RetryAt), Attempts: a.Verification.Attempts,
		Link: a.Entry.Link, SessionToken: a.Entry.SessionToken, ExpiresAt: orNull(a.Entry.ExpiresAt),
	}
	if a.Inquiry != nil {
		shown.Inquiry = &LiveInquiry{a.Inquiry.ID, a.Inquiry.Status}
	}
	return shown
}

func (s *server) verify(ctx context.Context, in *struct {
	EnvironmentInput
	Body VerifyInput
}) (*struct{ Body Verified }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	answer, err := s.Verifier.Verify(ctx, verify.Request{
		Environment: env, Reference: string(in.Body.Reference), Flow: in.Body.Flow, Fields: in.Body.Fields, RedirectURI: in.Body.RedirectURI, Actor: actorOf(ctx),
	})
	if err != nil {
		return nil, s.notVerified(ctx, err)
	}
	return &struct{ Body Verified }{showVerified(string(in.Body.Reference), in.Body.Flow, answer)}, nil
}

type verificationsInput struct {
	PageInput
	Reference Reference `query:"reference" doc:"only those of one subject"`
	Flow      string    `query:"flow" maxLength:"100" pattern:"^[a-z0-9_-]+$" doc:"only those in one flow"`
}

func (in verificationsInput) filter() store.Filter {
	f := in.PageInput.filter()
	f.Reference, f.Flow = string(in.Reference), in.Flow
	return f
}

func (s *server) getVerification(ctx context.Context, in *IDInput) (*struct{ Body Verification }, error) {
	_, v, err := rowOf(ctx, s, in, s.Store.Verification)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Verification }{showVerification(v)}, nil
}

func (s *server) linkVerification(ctx context.Context, in *IDInput) (*struct{ Body Verified }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	answer, err := s.Verifier.Link(ctx, env, string(in.ID))
	if err != nil {
		return nil, s.notVerified(ctx, err)
	}
	return &struct{ Body Verified }{showVerified(answer.Verification.Reference, answer.Verification.Flow, answer)}, nil
}

// reasonInput is a request that changes a verification for a reason.
type reasonInput struct {
	EnvironmentInput
	ID   ID `path:"id" doc:"the id of the verification (vfy_…)"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" example:"wrong document, says the support" doc:"why, for the audit trail; without personal data"`
	}
}

func (s *server) resetVerification(ctx context.Context, in *reasonInput) (*struct{ Body Verification }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	v, err := s.Verifier.Reset(ctx, env, string(in.ID), in.Body.Reason, actorOf(ctx))
	if err != nil {
		return nil, s.notVerified(ctx, err)
	}
	return &struct{ Body Verification }{showVerification(v)}, nil
}

func (s *server) cancelVerification(ctx context.Context, in *reasonInput) (*struct{ Body Verification }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	v, _, err := s.Verifier.Cancel(ctx, env, string(in.ID), in.Body.Reason, actorOf(ctx))
	if err != nil {
		return nil, s.notVerified(ctx, err)
	}
	return &struct{ Body Verification }{showVerification(v)}, nil
}

// notVerified returns the answer for an error of the verifier.
func (s *server) notVerified(ctx context.Context, err error) error {
	var unknown *verify.UnknownFlowError
	var invalid *verify.RequestError
	var closed *verify.NotOpenError
	var refusal *persona.Error
	details, rejected := verify.Rejection(err)
	switch {
	case errors.As(err, &unknown):
		return problem(unknownFlow, unknown.Error())
	case errors.As(err, &invalid):
		return problem(invalidRequest, "the request is not valid: errors says what to correct", ProblemField{"body." + invalid.Field, invalid.Problem})
	case errors.As(err, &closed):
		return problem(conflict, closed.Error())
	case errors.Is(err, verify.ErrNoInquiry):
		return problem(conflict, err.Error())
	case errors.Is(err, verify.ErrPanic):
		s.Logger.ErrorContext(ctx, "verifying somebody failed", "request", requestID(ctx), "error", err)
		return problem(internalError, failedDetail)
	case errors.Is(err, verify.ErrUncertain):
		return later(verify.ErrUncertain.Error(), time.Minute)
	case errors.Is(err, verify.ErrBusy):
		return later(verify.ErrBusy.Error(), time.Second)
	case errors.Is(err, persona.ErrForbidden), errors.Is(err, persona.ErrUnauthorized):
		s.Logger.ErrorContext(ctx, "verifying somebody failed: Persona refuses the API key", "error", err)
		return problem(keyRefused, "Persona refuses the service's API key, or the key lacks a permission: see the log, or run idem doctor")
	case rejected:
		var fields []ProblemField
		for _, d := range details {
			fields = append(fields, ProblemField{Message: d})
		}
		return problem(rejectedByPersona, "Persona rejects the request: see errors", fields...)
	case errors.As(err, &refusal) || persona.RetryOf(err) != persona.RetryNever:
		s.Logger.WarnContext(ctx, "verifying somebody failed", "error", err)
		wait := 5 * time.Second
		if refusal != nil && refusal.RetryAfter() > 0 {
			wait = min(refusal.RetryAfter(), time.Minute) // Persona's windows last a minute
		}
		return later("Persona did not answer, or is overloaded: try again", wait)
	}
	return s.notFoundOr(ctx, err)
}

// later answers that the same request may succeed after a while.
func later(why string, wait time.Duration) error {
	seconds := strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second)))
	return huma.ErrorWithHeaders(problem(unavailable, why), http.Header{"Retry-After": {seconds}})
}
