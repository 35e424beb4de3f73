package seed

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Complete fills in what the options leave to the seed.
func Complete(o engine.Options, given *Seed) engine.Options {
	if given == nil {
		return o
	}
	seed := given.content
	o.RateLimit = cmp.Or(o.RateLimit, seed.RateLimit)
	o.FaultSeed = cmp.Or(o.FaultSeed, seed.FaultSeed)
	if o.Quotas == nil {
		o.Quotas = seed.Quotas
	}
	if o.Clock.IsZero() {
		o.Clock, _ = seed.start() // ReadSeed checked it
	}
	return o
}

// seeder puts a seed into an environment. Keys, webhooks and accounts are made by
// the operations that clients make them with, so that the same rules hold; there are
// no events of it.
type seeder struct {
	sandbox *engine.Engine
	env     *engine.Environment
	seed    *Seed
	key     *storage.Resource
}

// Apply puts a seed, if there is one, into the sandbox. The caller holds the lock, or
// nobody else knows the sandbox.
func Apply(s *engine.Engine, seed *Seed) error {
	if seed == nil {
		return nil
	}
	for _, fault := range seed.content.Faults {
		complete, err := fault.Complete()
		if err != nil {
			return err
		}
		s.Planned.Add(complete)
	}
	for _, env := range []*engine.Environment{s.Environments["sandbox"], s.Environments["production"]} {
		p := &seeder{sandbox: s, env: env, seed: seed}
		for key := range env.All("api-key") { // there is one, of the fixtures
			p.key = key
		}
		content := seed.content.Sandbox
		if env.Name == "production" {
			content = seed.content.Production
		}
		if err := p.shared(); err != nil {
			return err
		}
		if err := p.own(content); err != nil {
			return err
		}
	}
	return nil
}

// problem places what is wrong.
func (p *seeder) problem(path, problem string) error { return p.seed.file.Problem(path, problem) }

// id checks the id of something new, and makes one up when none is given.
func (p *seeder) id(path, id, prefix string) (string, error) {
	switch {
	case id == "":
		return storage.NewID(prefix), nil
	case !wellFormedID(id, prefix):
		return "", p.problem(path, fmt.Sprintf("id must be %s_ and letters and digits", prefix))
	case p.env.Get(id) != nil:
		return "", p.problem(path, "there are two things with this id")
	}
	return id, nil
}

// shared makes the templates and types, which are in both environments.
func (p *seeder) shared() error {
	for i, template := range p.seed.content.InquiryTemplates {
		if err := p.applyInquiryTemplate(fmt.Sprintf("$.inquiry_templates[%d]", i), template); err != nil {
			return err
		}
	}
	for i, template := range p.seed.content.CaseTemplates {
		id, err := p.id(fmt.Sprintf("$.case_templates[%d].id", i), template.ID, "ctmpl")
		if err != nil {
			return err
		}
		resources.AddCaseTemplate(p.env, p.now(), id, template.Name, template.Open, template.Resolved)
	}
	for i, accountType := range p.seed.content.AccountTypes {
		if err := p.applyAccountType(fmt.Sprintf("$.account_types[%d]", i), accountType); err != nil {
			return err
		}
	}
	return nil
}

func (p *seeder) now() string { return simclock.Stamp(p.sandbox.Clock.Now()) }

func (p *seeder) applyInquiryTemplate(path string, template seedInquiryTemplate) error {
	id, err := p.id(path+".id", template.ID, "itmpl")
	if err != nil {
		return err
	}
	versionID, err := p.id(path+".version_id", template.VersionID, "itmplv")
	if err != nil {
		return err
	}
	fields := storage.PersonFields()
	if template.Fields != nil {
		fields = nil
		for _, name := range template.Fields {
			fields = append(fields, casing.Kebab(name))
		}
	}
	verifications := map[string]string{}
	for i, v := range template.Verifications {
		path := fmt.Sprintf("%s.verifications[%d].id", path, i)
		id, err := p.id(path, v.ID, "vtmpl")
		if err != nil {
			return err
		}
		if verifications[id] != "" {
			return p.problem(path, "there are two things with this id")
		}
		verifications[id] = "verification/" + v.Type
	}
	resources.AddInquiryTemplate(p.env, p.now(), id, versionID, template.Name, fields, verifications)
	return nil
}

func (p *seeder) applyAccountType(path string, accountType seedAccountType) error {
	id, err := p.id(path+".id", accountType.ID, "acttp")
	if err != nil {
		return err
	}
	var statuses []resources.AccountStatus
	for i, status := range accountType.Statuses {
		statusID, err := p.id(fmt.Sprintf("%s.statuses[%d].id", path, i), status.ID, "actst")
		if err != nil {
			return err
		}
		statuses = append(statuses, resources.AccountStatus{ID: statusID, Name: status.Name})
	}
	resources.AddAccountType(p.env, p.now(), id, accountType.Name, statuses)
	return nil
}

// own makes what one environment has for itself.
func (p *seeder) own(content seedEnvironment) error {
	for i, key := range content.Keys {
		if err := p.applyKey(p.path("keys", i), key); err != nil {
			return err
		}
	}
	for i, hook := range content.Webhooks {
		if err := p.applyWebhook(p.path("webhooks", i), hook); err != nil {
			return err
		}
	}
	ids := make([]string, len(content.Accounts))
	for i, account := range content.Accounts {
		made, err := p.applyAccount(p.path("accounts", i), account)
		if err != nil {
			return err
		}
		ids[i] = made
	}
	for i, account := range content.Accounts {
		for _, key := range slices.Sorted(maps.Keys(account.Relations)) {
			for j, target := range account.Relations[key] {
				body := map[string]any{"meta": map[string]any{"relation-schema-key": key, "target-object-id": target}}
				if _, err := p.perform(fmt.Sprintf("%s.relations.%s[%d]", p.path("accounts", i), key, j), "Accounts.AddRelation", []string{ids[i]}, nil, body, nil); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *seeder) path(list string, i int) string {
	return fmt.Sprintf("$.%s.%s[%d]", p.env.Name, list, i)
}

func (p *seeder) applyKey(path string, key seedKey) error {
	prefix := "persona_" + p.env.Name + "_"
	if key.Value == "" {
		key.Value = resources.NewKeyValue(p.env)
	}
	if !strings.HasPrefix(key.Value, prefix) || len(key.Value) == len(prefix) {
		return p.problem(path+".value", "value must start with "+prefix)
	}
	for _, env := range p.sandbox.Environments {
		for other := range env.All("api-key") {
			if other.Text(storage.SecretValue) == key.Value {
				return p.problem(path+".value", "there are two keys with this value")
			}
		}
	}
	for i, permission := range key.Permissions {
		if !slices.Contains(catalog.Permissions(), permission) {
			return p.problem(fmt.Sprintf("%s.permissions[%d]", path, i), "there is no such permission, only "+strings.Join(catalog.Permissions(), ", ")+catalog.DidYouMean(permission, catalog.Permissions()))
		}
	}
	given, err := p.given(path, key.ID, "api")
	if err != nil {
		return err
	}
	_, err = p.perform(path, "APIKeys.Create", nil, given, attributesBody(map[string]any{
		"name": cmp.Or(key.Name, "Seeded key"), "permissions": orNone(key.Permissions), "api-version": orNone(key.Version), "api-key-inflection": orNone(key.Inflection),
		"ip-address-allowlist": orNone(key.Addresses), "api-attributes-blocklist": orNone(key.Blocklist),
	}), func(r *storage.Resource) { r.Attributes[storage.SecretValue] = key.Value })
	return err
}

func (p *seeder) applyWebhook(path string, hook seedWebhook) error {
	if len(hook.Events) == 0 {
		return p.problem(path, "events must name an event, or * for all")
	}
	for i, name := range hook.Events {
		if name != "*" && !webhook.Known(webhook.Name(name)) {
			return p.problem(fmt.Sprintf("%s.events[%d]", path, i), "there is no such event"+faults.SuggestEvent(name))
		}
	}
	included := "include_none"
	if hook.Included {
		included = "include_all"
	}
	given, err := p.given(path, hook.ID, "wbh")
	if err != nil {
		return err
	}
	_, err = p.perform(path, "Webhooks.Create", nil, given, attributesBody(map[string]any{
		"name": cmp.Or(hook.Name, "Seeded webhook"), "url": hook.URL, "enabled-events": hook.Events, "api-version": orNone(hook.Version),
		"api-key-inflection": orNone(hook.Inflection), "api-attributes-blocklist": orNone(hook.Blocklist), "custom-http-headers": orNone(hook.Headers),
		"included-allowlist": map[string]any{"state": included},
	}), func(r *storage.Resource) {
		if !hook.Disabled {
			r.Attributes["status"] = "enabled"
		}
		if hook.Secret != "" {
			r.Attributes[engine.WebhookSecret] = []any{map[string]any{"value": hook.Secret, "expires-at": nil}}
		}
	})
	return err
}

func (p *seeder) applyAccount(path string, account seedAccount) (id string, err error) {
	given, err := p.given(path, account.ID, "act")
	if err != nil {
		return "", err
	}
	made, err := p.perform(path, "Accounts.Create", nil, given, attributesBody(map[string]any{
		"account-type-id": orNone(account.Type), "reference-id": orNone(account.ReferenceID), "account-status": orNone(account.Status),
		"tags": orNone(account.Tags), "fields": orNone(account.Fields),
	}), nil)
	if err != nil {
		return "", err
	}
	return made.ID, nil
}

// given is the id that an operation is to give to what it makes, by its prefix.
func (p *seeder) given(path, id, prefix string) (map[string]string, error) {
	id, err := p.id(path+".id", id, prefix)
	return map[string]string{prefix: id}, err
}

// perform carries out an operation, and changes what it made.
func (p *seeder) perform(path, name string, ids []string, given map[string]string, body map[string]any, finish func(*storage.Resource)) (*storage.Resource, error) {
	operations := p.sandbox.Routes.Operations
	op := &operations[slices.IndexFunc(operations, func(op persona.Operation) bool { return op.Name() == name })]
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, p.problem(path, "a value cannot be sent as JSON")
	}
	var received any
	_ = json.Unmarshal(sent, &received) // it was just written
	c := &engine.Call{
		Change: engine.NewChange(p.env, p.sandbox.Clock.Now()), Engine: p.sandbox, Op: op, IDs: ids, Key: p.key,
		Render: engine.RenderOptions{Version: catalog.DefaultVersion, Inflection: "kebab"}, Body: casing.KebabKeys(received).(map[string]any),
	}
	c.Given = given
	err = p.sandbox.Routes.Validate(op, c.Body)
	var made *engine.Answer
	if err == nil {
		made, err = p.sandbox.Routes.Handlers[op.ID](c)
	}
	var refused *engine.Refusal
	switch {
	case errors.As(err, &refused):
		return nil, p.problem(path, cmp.Or(refused.Details, refused.Title))
	case err != nil:
		return nil, p.problem(path, err.Error())
	}
	if finish != nil {
		finish(made.One)
	}
	c.Events = nil
	c.Commit()
	return made.One, nil
}

// attributesBody is the body of a request with the attributes that are there.
func attributesBody(all map[string]any) map[string]any {
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return map[string]any{"data": map[string]any{"attributes": all}}
}

// orNone is a value, or nil when there is none.
func orNone(value any) any {
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
