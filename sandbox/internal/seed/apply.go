package seed

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Settings are the settings of a sandbox that a seed can contain. Zero values are not set.
type Settings struct {
	Clock     time.Time
	RateLimit int
	Quotas    map[string]int
	FaultSeed uint64
	Faults    []faults.Fault
}

// Settings returns the seed's settings. A nil seed has none.
func (s *Seed) Settings() Settings {
	if s == nil {
		return Settings{}
	}
	start, _ := s.content.start() // ReadSeed checked it
	return Settings{Clock: start, RateLimit: s.content.RateLimit, Quotas: s.content.Quotas, FaultSeed: s.content.FaultSeed, Faults: s.content.Faults}
}

// seeder applies a seed to an environment. It creates keys, webhooks and accounts with the
// operations that clients use, so that the same rules apply, but without events.
type seeder struct {
	engine *engine.Engine
	env    *engine.Environment
	seed   *Seed
	key    *storage.Resource
}

// Apply adds the contents of a seed to a new environment. A nil seed has none. The caller
// holds the engine's lock.
func Apply(e *engine.Engine, env *engine.Environment, seed *Seed) error {
	if seed == nil {
		return nil
	}
	s := &seeder{engine: e, env: env, seed: seed}
	for key := range env.All("api-key") { // the only one is that of the fixtures
		s.key = key
	}
	if err := s.applyShared(); err != nil {
		return err
	}
	if env.Name == "production" {
		return s.applyEnvironment(seed.content.Production)
	}
	return s.applyEnvironment(seed.content.Sandbox)
}

// problem returns an error with the line and column of a path of the seed.
func (s *seeder) problem(path, problem string) error { return s.seed.file.Problem(path, problem) }

// id checks the id of a new resource, or returns a random one if it is empty.
func (s *seeder) id(path, id, prefix string) (string, error) {
	switch {
	case id == "":
		return storage.NewID(prefix), nil
	case !wellFormedID(id, prefix):
		return "", s.problem(path, fmt.Sprintf("id must be %s_ and letters and digits", prefix))
	case s.env.Get(id) != nil:
		return "", s.problem(path, "there are two things with this id")
	}
	return id, nil
}

// applyShared adds the templates and types, which are in both environments.
func (s *seeder) applyShared() error {
	for i, template := range s.seed.content.InquiryTemplates {
		if err := s.applyInquiryTemplate(fmt.Sprintf("$.inquiry_templates[%d]", i), template); err != nil {
			return err
		}
	}
	for i, template := range s.seed.content.CaseTemplates {
		id, err := s.id(fmt.Sprintf("$.case_templates[%d].id", i), template.ID, "ctmpl")
		if err != nil {
			return err
		}
		fixtures.AddCaseTemplate(s.env, s.now(), id, template.Name, template.Open, template.Resolved, fieldsOr(template.Fields, fixtures.StandardCaseFields()))
	}
	for i, typ := range s.seed.content.TransactionTypes {
		id, err := s.id(fmt.Sprintf("$.transaction_types[%d].id", i), typ.ID, "txntp")
		if err != nil {
			return err
		}
		fixtures.AddTransactionType(s.env, s.now(), id, typ.Name, declared(typ.Fields))
	}
	for i, accountType := range s.seed.content.AccountTypes {
		if err := s.applyAccountType(fmt.Sprintf("$.account_types[%d]", i), accountType); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOr returns the fields of a file, or others if the file has none.
func fieldsOr(fields map[string]seedField, otherwise schema.Fields) schema.Fields {
	if fields == nil {
		return otherwise
	}
	return declared(fields)
}

func (s *seeder) now() string { return simclock.Stamp(s.engine.Now()) }

func (s *seeder) applyInquiryTemplate(path string, template seedInquiryTemplate) error {
	id, err := s.id(path+".id", template.ID, "itmpl")
	if err != nil {
		return err
	}
	versionID, err := s.id(path+".version_id", template.VersionID, "itmplv")
	if err != nil {
		return err
	}
	verifications := map[string]string{}
	for i, v := range template.Verifications {
		path := fmt.Sprintf("%s.verifications[%d].id", path, i)
		id, err := s.id(path, v.ID, "vtmpl")
		if err != nil {
			return err
		}
		if verifications[id] != "" {
			return s.problem(path, "there are two things with this id")
		}
		verifications[id] = "verification/" + v.Type
	}
	fixtures.AddInquiryTemplate(s.env, s.now(), id, versionID, template.Name, fieldsOr(template.Fields, schema.Typed(storage.PersonFields())), verifications)
	return nil
}

func (s *seeder) applyAccountType(path string, accountType seedAccountType) error {
	id, err := s.id(path+".id", accountType.ID, "acttp")
	if err != nil {
		return err
	}
	var statuses []fixtures.AccountStatus
	for i, status := range accountType.Statuses {
		statusID, err := s.id(fmt.Sprintf("%s.statuses[%d].id", path, i), status.ID, "actst")
		if err != nil {
			return err
		}
		statuses = append(statuses, fixtures.AccountStatus{ID: statusID, Name: status.Name})
	}
	fixtures.AddAccountType(s.env, s.now(), id, accountType.Name, statuses, fieldsOr(accountType.Fields, fixtures.StandardAccountFields()))
	return nil
}

// applyEnvironment adds what only this environment contains.
func (s *seeder) applyEnvironment(content seedEnvironment) error {
	for i, key := range content.Keys {
		if err := s.applyKey(s.path("keys", i), key); err != nil {
			return err
		}
	}
	for i, hook := range content.Webhooks {
		if err := s.applyWebhook(s.path("webhooks", i), hook); err != nil {
			return err
		}
	}
	ids := make([]string, len(content.Accounts))
	for i, account := range content.Accounts {
		made, err := s.applyAccount(s.path("accounts", i), account)
		if err != nil {
			return err
		}
		ids[i] = made
	}
	for i, account := range content.Accounts {
		for _, key := range slices.Sorted(maps.Keys(account.Relations)) {
			for j, target := range account.Relations[key] {
				body := map[string]any{"meta": map[string]any{"relation-schema-key": key, "target-object-id": target}}
				if _, err := s.perform(fmt.Sprintf("%s.relations.%s[%d]", s.path("accounts", i), key, j), s.change(), "Accounts.AddRelation", body, nil, ids[i]); err != nil {
					return err
				}
			}
		}
	}
	return s.applyObjects(content)
}

func (s *seeder) path(list string, i int) string {
	return fmt.Sprintf("$.%s.%s[%d]", s.env.Name, list, i)
}

func (s *seeder) applyKey(path string, key seedKey) error {
	prefix := "persona_" + s.env.Name + "_"
	if key.Value == "" {
		key.Value = resources.NewKeyValue(s.env)
	}
	if !strings.HasPrefix(key.Value, prefix) || len(key.Value) == len(prefix) {
		return s.problem(path+".value", "value must start with "+prefix)
	}
	for other := range s.env.All("api-key") {
		if other.Text(storage.SecretValue) == key.Value {
			return s.problem(path+".value", "there are two keys with this value")
		}
	}
	permissions, err := s.permissions(path, key)
	if err != nil {
		return err
	}
	_, err = s.create(path, "APIKeys.Create", "api", key.ID, attributesBody(map[string]any{
		"name": cmp.Or(key.Name, "Seeded key"), "permissions": nilIfEmpty(permissions), "api-version": nilIfEmpty(key.Version), "api-key-inflection": nilIfEmpty(key.Inflection),
		"ip-address-allowlist": nilIfEmpty(key.Addresses), "api-attributes-blocklist": nilIfEmpty(key.Blocklist),
	}), func(r *storage.Resource) { r.Attributes[storage.SecretValue] = key.Value })
	return err
}

// permissions returns the permissions of a key. None means all.
func (s *seeder) permissions(path string, key seedKey) ([]string, error) {
	if len(key.Permissions) > 0 && len(key.Without) > 0 {
		return nil, s.problem(path, "a key has either permissions or without")
	}
	for name, list := range map[string][]string{"permissions": key.Permissions, "without": key.Without} {
		for i, permission := range list {
			if !slices.Contains(catalog.Permissions(), permission) {
				return nil, s.problem(fmt.Sprintf("%s.%s[%d]", path, name, i), "there is no such permission, only "+strings.Join(catalog.Permissions(), ", ")+spelling.DidYouMean(permission, catalog.Permissions()))
			}
		}
	}
	if len(key.Without) == 0 {
		return key.Permissions, nil
	}
	return slices.DeleteFunc(catalog.Permissions(), func(permission string) bool { return slices.Contains(key.Without, permission) }), nil
}

func (s *seeder) applyWebhook(path string, hook seedWebhook) error {
	if len(hook.Events) == 0 {
		return s.problem(path, "events must name an event, or * for all")
	}
	for i, name := range hook.Events {
		if name != "*" && !webhook.Known(webhook.Name(name)) {
			return s.problem(fmt.Sprintf("%s.events[%d]", path, i), "there is no such event"+faults.SuggestEvent(name))
		}
	}
	included := "include_none"
	if hook.Included {
		included = "include_all"
	}
	_, err := s.create(path, "Webhooks.Create", "wbh", hook.ID, attributesBody(map[string]any{
		"name": cmp.Or(hook.Name, "Seeded webhook"), "url": hook.URL, "enabled-events": hook.Events, "api-version": nilIfEmpty(hook.Version),
		"api-key-inflection": nilIfEmpty(hook.Inflection), "api-attributes-blocklist": nilIfEmpty(hook.Blocklist), "custom-http-headers": nilIfEmpty(hook.Headers),
		"included-allowlist": map[string]any{"state": included},
	}), func(r *storage.Resource) {
		if !hook.Disabled {
			r.Attributes["status"] = "enabled"
		}
		if hook.Secret != "" {
			r.Attributes[deliveries.Secrets] = []any{map[string]any{"value": hook.Secret, "expires-at": nil}}
		}
	})
	return err
}

func (s *seeder) applyAccount(path string, account seedAccount) (id string, err error) {
	made, err := s.create(path, "Accounts.Create", "act", account.ID, attributesBody(map[string]any{
		"account-type-id": nilIfEmpty(account.Type), "reference-id": nilIfEmpty(account.ReferenceID), "account-status": nilIfEmpty(account.Status),
		"tags": nilIfEmpty(account.Tags), "fields": nilIfEmpty(account.Fields),
	}), nil)
	if err != nil {
		return "", err
	}
	return made.ID, nil
}

// create creates a resource with an operation. It checks the resource's id, whose prefix is
// given, and passes the resource to finish before it is stored; finish may be nil.
func (s *seeder) create(path, operation, prefix, id string, body map[string]any, finish func(*storage.Resource)) (*storage.Resource, error) {
	id, err := s.id(path+".id", id, prefix)
	if err != nil {
		return nil, err
	}
	c := s.change()
	c.UseID(prefix, id)
	return s.perform(path, c, operation, body, finish)
}

func (s *seeder) change() *engine.Change { return engine.NewChange(s.env, s.engine.Now()) }

// perform carries out an operation. See create for finish.
func (s *seeder) perform(path string, c *engine.Change, operation string, body map[string]any, finish func(*storage.Resource), ids ...string) (*storage.Resource, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, s.problem(path, "a value cannot be sent as JSON")
	}
	var received any
	_ = json.Unmarshal(sent, &received) // valid JSON
	answer, err := s.engine.Perform(c, operation, s.key, casing.KebabKeys(received).(map[string]any), ids...)
	var refused *engine.Refusal
	switch {
	case errors.As(err, &refused):
		return nil, s.problem(path, cmp.Or(refused.Details, refused.Title))
	case err != nil:
		return nil, s.problem(path, err.Error())
	}
	if finish != nil {
		finish(answer.One)
	}
	c.StoreSilently()
	return answer.One, nil
}

// attributesBody returns the body of a request with the attributes that are not nil.
func attributesBody(all map[string]any) map[string]any {
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return map[string]any{"data": map[string]any{"attributes": all}}
}

// nilIfEmpty returns a value, or nil if it is empty.
func nilIfEmpty(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case []string:
		if len(v) == 0 {
			return nil
		}
	case map[string]string:
		if len(v) == 0 {
			return nil
		}
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
	}
	return value
}
