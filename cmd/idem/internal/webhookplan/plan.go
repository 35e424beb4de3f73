package webhookplan

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
)

// The actions of a step.
const (
	Create = "create"
	Update = "update"
	Keep   = "keep"
)

// Step is the plan for one webhook.
type Step struct {
	Action  string   `json:"action"`
	Name    string   `json:"name"`
	ID      string   `json:"id,omitempty"` // empty for one that is created
	Changes []Change `json:"changes"`
	Status  string   `json:"status,omitempty"` // enabled or disabled, where that changes
}

// Change is a setting that differs. From is null for a webhook that is created.
type Change struct {
	Setting string `json:"setting"` // as Persona names it
	From    any    `json:"from"`
	To      any    `json:"to"`
}

// Differs reports whether any step changes something.
func Differs(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Action != Keep })
}

// setting is an attribute of a webhook at Persona.
type setting struct {
	name  string
	value any
}

// settings are the attributes that a webhook of the file sets.
func (w Webhook) settings() []setting {
	all := []setting{{"name", w.Name}, {"url", w.URL}, {"enabled-events", w.Events}}
	add := func(name string, value any) {
		if v := reflect.ValueOf(value); !v.IsNil() {
			all = append(all, setting{name, value})
		}
	}
	add("description", w.Description)
	add("api-version", w.APIVersion)
	add("api-key-inflection", w.KeyInflection)
	add("api-attributes-blocklist", w.AttributesBlocklist)
	add("file-access-token-expires-in", w.FileAccessTokenSeconds)
	add("payload-filter", w.PayloadFilter)
	add("included-allowlist", w.IncludedAllowlist)
	add("relationship-allowlist", w.RelationshipAllowlist)
	return all
}

// Plan compares the webhooks at Persona with a file.
func Plan(existing []*persona.Webhook, file File) ([]Step, error) {
	var steps []Step
	for _, wanted := range file.Webhooks {
		hook, err := named(existing, wanted.Name)
		if err != nil {
			return nil, err
		}
		step, err := wanted.step(hook)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// named returns the webhook with a name that is not archived, or nil.
func named(existing []*persona.Webhook, name string) (found *persona.Webhook, err error) {
	for _, hook := range existing {
		if hook.Attributes.Name != name || hook.Attributes.Status == "archived" {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("two webhooks at Persona are named %q (%s and %s): rename or archive one", name, found.ID, hook.ID)
		}
		found = hook
	}
	return found, nil
}

// step compares one webhook, nil for one that does not exist.
func (w Webhook) step(hook *persona.Webhook) (Step, error) {
	step := Step{Action: Create, Name: w.Name, Changes: []Change{}}
	attributes, status := map[string]any{}, "disabled" // as new webhooks are
	if hook != nil {
		step.Action, step.ID, status = Keep, hook.ID, hook.Attributes.Status
		var resource struct{ Attributes map[string]any }
		if err := json.Unmarshal(hook.Raw, &resource); err != nil {
			return step, fmt.Errorf("read webhook %s: %w", hook.ID, err)
		}
		attributes = resource.Attributes
	}
	for _, s := range w.settings() {
		value, err := plain(s.value)
		if err != nil {
			return step, fmt.Errorf("%s of webhook %s: %w", s.name, w.Name, err)
		}
		if hook == nil || !covers(attributes[s.name], value) {
			step.Changes = append(step.Changes, Change{s.name, attributes[s.name], value})
		}
	}
	wanted := "enabled"
	if w.Enabled != nil && !*w.Enabled {
		wanted = "disabled"
	}
	if status != wanted {
		step.Status = wanted
	}
	if step.Action == Keep && (len(step.Changes) > 0 || step.Status != "") {
		step.Action = Update
	}
	return step, nil
}

// plain encodes a value as JSON and decodes it again, so it can be compared.
func plain(value any) (out any, err error) {
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(b, &out)
	return out, err
}

// covers reports whether an attribute has the wanted value. Lists of strings are compared as
// sets. An object may have additional keys.
func covers(has, wanted any) bool {
	switch wanted := wanted.(type) {
	case map[string]any:
		object, ok := has.(map[string]any)
		for key, value := range wanted {
			ok = ok && covers(object[key], value)
		}
		return ok
	case []any:
		list, ok := has.([]any)
		if !ok && len(wanted) > 0 || len(list) != len(wanted) {
			return false
		}
		for i, value := range wanted {
			if _, text := value.(string); text && !slices.Contains(list, value) || !text && !covers(list[i], value) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(has, wanted)
}

// Done is a step that was applied.
type Done struct {
	Step
	Secret string `json:"-"` // of a webhook that was created
}

// Apply applies the steps of a plan in order. It stops at the first error and returns the
// steps before it.
func Apply(ctx context.Context, client *persona.Client, steps []Step) (done []Done, err error) {
	for _, step := range steps {
		d, err := step.do(ctx, client)
		if err != nil {
			return done, fmt.Errorf("%s webhook %s: %w", step.Action, step.Name, err)
		}
		done = append(done, d)
	}
	return done, nil
}

func (s Step) do(ctx context.Context, client *persona.Client) (Done, error) {
	attributes := map[string]any{}
	for _, change := range s.Changes {
		attributes[change.Setting] = change.To
	}
	body := map[string]any{"data": map[string]any{"attributes": attributes}}
	done := Done{Step: s}
	switch {
	case s.Action == Create:
		var created persona.WebhookWithSecret
		if err := client.Do(ctx, "POST", "/webhooks", body, &created); err != nil {
			return done, err
		}
		done.ID, done.Secret = created.ID, created.Attributes.Secret
	case len(s.Changes) > 0:
		if err := client.Do(ctx, "PATCH", "/webhooks/"+url.PathEscape(s.ID), body, nil); err != nil {
			return done, err
		}
	}
	switch s.Status {
	case "enabled":
		_, err := client.Webhooks.Enable(ctx, done.ID)
		return done, err
	case "disabled":
		if s.Action == Create {
			return done, nil
		}
		_, err := client.Webhooks.Disable(ctx, done.ID)
		return done, err
	}
	return done, nil
}

// Existing lists the webhooks at Persona.
func Existing(ctx context.Context, client *persona.Client) (all []*persona.Webhook, err error) {
	for hook, err := range client.Webhooks.List(ctx, persona.WebhookListParams{Size: 100}) {
		if err != nil {
			return nil, fmt.Errorf("list the webhooks: %w", err)
		}
		all = append(all, hook)
	}
	return all, nil
}

// Text describes a change in a line.
func (c Change) Text() string {
	from, fromList := c.From.([]any)
	to, toList := c.To.([]any)
	if !toList || !fromList && c.From != nil || len(from) == 0 {
		if c.From == nil {
			return fmt.Sprintf("%s: %s", c.Setting, short(c.To))
		}
		return fmt.Sprintf("%s: %s → %s", c.Setting, short(c.From), short(c.To))
	}
	var parts []string
	for _, value := range to {
		if !slices.ContainsFunc(from, func(v any) bool { return reflect.DeepEqual(v, value) }) {
			parts = append(parts, "+"+short(value))
		}
	}
	for _, value := range from {
		if !slices.ContainsFunc(to, func(v any) bool { return reflect.DeepEqual(v, value) }) {
			parts = append(parts, "-"+short(value))
		}
	}
	return c.Setting + ": " + strings.Join(parts, " ")
}

// short returns a value as JSON, and a string without quotes.
func short(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(b)
}
