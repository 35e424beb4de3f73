package sandbox_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAGraphQueryFindsTheAccountsThatShareAValue(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	var ids []string
	for reference, city := range map[string]string{"a": "Springfield", "b": "SPRINGFIELD", "c": "Shelbyville"} {
		account, err := client.Accounts.Create(ctx, persona.AccountCreateParams{
			ReferenceID: persona.Set(reference), Fields: persona.Set(map[string]any{"address": map[string]any{"city": city}}),
		})
		ok(t, err)
		if reference != "c" {
			ids = append(ids, account.ID)
		}
	}
	params := persona.GraphQueryCreateParams{GraphQueryTemplateID: sandbox.GraphQueryTemplateID, ParameterMap: persona.Set(map[string]any{"city": "springfield"})}
	waiting, err := client.GraphQueries.Create(ctx, params)
	ok(t, err)
	if waiting.Attributes.Status != "submitted" {
		t.Errorf("a new query is %s", waiting.Attributes.Status)
	}
	server.Advance(time.Second)
	done, err := client.GraphQueries.Get(ctx, waiting.ID, persona.WithInclude("accounts"))
	ok(t, err)
	params.RunSync = persona.Set(true)
	atOnce, err := client.GraphQueries.Create(ctx, params, persona.WithInclude("accounts"))
	ok(t, err)
	for name, query := range map[string]*persona.GraphQuery{"later": done, "at once": atOnce} {
		var found []string
		for _, account := range query.Relationships.Accounts.Data {
			found = append(found, account.ID)
		}
		slices.Sort(found)
		slices.Sort(ids)
		if query.Attributes.Status != "completed" || !slices.Equal(found, ids) || len(query.Attributes.Nodes) != 3 {
			t.Errorf("%s: %s, accounts %v, nodes %v", name, query.Attributes.Status, found, query.Attributes.Nodes)
		}
	}
	want := []string{"graph-query.submitted", "graph-query.completed", "graph-query.submitted", "graph-query.completed"}
	if got := events(t, client)[3:]; !slices.Equal(got, want) {
		t.Errorf("events are %v", got)
	}
}

func TestAGraphQueryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, frozen()).client(), t.Context()
	if _, err := client.GraphQueries.Create(ctx, persona.GraphQueryCreateParams{GraphQueryTemplateID: "grphqt_unknown"}, persona.WithHeader("X-Unchecked", "1")); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown template: %v", err)
	}
	var refused *persona.Error
	_, err := client.GraphQueries.Create(ctx, persona.GraphQueryCreateParams{GraphQueryTemplateID: sandbox.GraphQueryTemplateID, TimeoutInSeconds: persona.Set(int64(60))})
	if !errors.As(err, &refused) || refused.Status != 400 {
		t.Errorf("a minute: %v", err)
	}
	if _, err := client.GraphQueries.Get(ctx, "grphq_unknown"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown query: %v", err)
	}
}
