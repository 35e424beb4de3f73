package sandbox_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// newConnection creates an active connection.
func newConnection(t *testing.T, server *server) *persona.Connection {
	t.Helper()
	connection, err := server.client().Connections.Create(t.Context(), persona.ConnectionCreateParams{DestinationOrganizationID: "org_Partner"})
	ok(t, err)
	server.Advance(time.Second)
	return connection
}

func TestHowAConnectionMoves(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	id := newConnection(t, server).ID
	if _, err := client.Connections.Create(ctx, persona.ConnectionCreateParams{DestinationOrganizationID: "org_Partner"}); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("a second connection with an organization: %v", err)
	}
	if _, err := client.Connections.Reactivate(ctx, id); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("reactivating what is active: %v", err)
	}
	_, err := client.Connections.Deactivate(ctx, id)
	ok(t, err)
	if _, err := client.Connections.Deactivate(ctx, id); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("deactivating again: %v", err)
	}
	got, err := client.Connections.Reactivate(ctx, id)
	ok(t, err)
	if got.Attributes.Status != "pending" {
		t.Errorf("reactivated, the connection is %s", got.Attributes.Status)
	}
	server.Advance(time.Second)
	got, err = client.Connections.Get(ctx, id)
	ok(t, err)
	if got.Attributes.Status != "active" {
		t.Errorf("the connection is %s", got.Attributes.Status)
	}
	for status, want := range map[string]int{"active": 1, "inactive": 0} {
		page, err := client.Connections.ListPage(ctx, persona.ConnectionListParams{Status: status, DestinationOrganizationID: "org_Partner"})
		ok(t, err)
		if len(page.Data) != want {
			t.Errorf("%d connections are %s", len(page.Data), status)
		}
	}
	if _, err := client.Connections.Get(ctx, "cxn_unknown"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown connection: %v", err)
	}
}

func TestAShareTokenIsRedeemed(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	connection := newConnection(t, server)
	share := func(source string) *persona.ShareToken {
		t.Helper()
		token, err := client.ShareTokens.Create(ctx, persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: source})
		ok(t, err)
		return token
	}
	inquiry := newInquiry(t, client, "from")
	cloned := share(inquiry.ID)
	peeked, err := client.ShareTokens.Get(ctx, cloned.ID, persona.ShareTokenGetParams{PeekSourceData: persona.Set(true)})
	ok(t, err)
	var source struct{ Type string }
	ok(t, json.Unmarshal(peeked.Attributes.SourceData, &source))
	if source.Type != "connect/source-data/inquiry" || len(cloned.Attributes.SourceData) != 0 {
		t.Errorf("the source is %q; unasked, %s", source.Type, cloned.Attributes.SourceData)
	}
	token, err := client.ShareTokens.Redeem(ctx, cloned.ID, persona.ShareTokenRedeemParams{})
	ok(t, err)
	if token.Attributes.Status != "pending" || token.Attributes.RedeemMode != "clone" {
		t.Errorf("the token is %+v", token.Attributes)
	}
	for name, do := range map[string]func() error{
		"redeemed": func() error {
			_, err := client.ShareTokens.Redeem(ctx, cloned.ID, persona.ShareTokenRedeemParams{})
			return err
		},
		"expired": func() error { _, err := client.ShareTokens.Expire(ctx, cloned.ID); return err },
	} {
		if err := do(); !errors.Is(err, persona.ErrConflict) {
			t.Errorf("a pending token is %s: %v", name, err)
		}
	}
	server.Advance(time.Second)
	token, err = client.ShareTokens.Get(ctx, cloned.ID, persona.ShareTokenGetParams{})
	ok(t, err)
	copied, err := client.Inquiries.Get(ctx, token.Relationships.Destination.Data.ID)
	ok(t, err)
	if token.Attributes.Status != "redeemed" || copied.ID == inquiry.ID {
		t.Errorf("the token is %s, its destination %s", token.Attributes.Status, copied.ID)
	}

	from, err := client.Accounts.Create(ctx, persona.AccountCreateParams{ReferenceID: persona.Set("a"), Fields: persona.Set(map[string]any{"phone_number": "+15005550006"})})
	ok(t, err)
	into := newAccount(t, client, "b")
	hydrating := share(from.ID)
	if _, err := client.ShareTokens.Redeem(ctx, hydrating.ID, persona.ShareTokenRedeemParams{}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("an account without a destination: %v", err)
	}
	if _, err := client.ShareTokens.Redeem(ctx, hydrating.ID, persona.ShareTokenRedeemParams{DestinationID: persona.Set(inquiry.ID)}); !errors.Is(err, persona.ErrInvalid) {
		t.Errorf("an account into an inquiry: %v", err)
	}
	_, err = client.ShareTokens.Redeem(ctx, hydrating.ID, persona.ShareTokenRedeemParams{DestinationID: persona.Set(into.ID)})
	ok(t, err)
	server.Advance(time.Second)
	got, err := client.Accounts.Get(ctx, into.ID)
	ok(t, err)
	if phone := got.Attributes.Fields["phone_number"]; string(phone.Value) != `"+15005550006"` {
		t.Errorf("the destination's phone number is %s", phone.Value)
	}

	lost := share(inquiry.ID)
	_, err = client.ShareTokens.Redeem(ctx, lost.ID, persona.ShareTokenRedeemParams{})
	ok(t, err)
	_, err = client.Inquiries.Redact(ctx, inquiry.ID)
	ok(t, err)
	server.Advance(time.Second)
	token, err = client.ShareTokens.Get(ctx, lost.ID, persona.ShareTokenGetParams{})
	ok(t, err)
	if token.Attributes.Status != "failed" || token.Attributes.FailureReason != "source_redacted" {
		t.Errorf("the token of a source that was redacted is %s: %s", token.Attributes.Status, token.Attributes.FailureReason)
	}
}

func TestARedactedTransactionIsNotShared(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	connection, source, into := newConnection(t, server), newTransaction(t, client, "source"), newTransaction(t, client, "into")
	token, err := client.ShareTokens.Create(ctx, persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: source.ID})
	ok(t, err)
	_, err = client.ShareTokens.Redeem(ctx, token.ID, persona.ShareTokenRedeemParams{DestinationID: persona.Set(into.ID)})
	ok(t, err)
	_, err = client.Transactions.Redact(ctx, source.ID)
	ok(t, err)
	server.Advance(time.Second)
	token, err = client.ShareTokens.Get(ctx, token.ID, persona.ShareTokenGetParams{})
	ok(t, err)
	if token.Attributes.Status != "failed" || token.Attributes.FailureReason != "source_redacted" {
		t.Errorf("the token is %s: %s", token.Attributes.Status, token.Attributes.FailureReason)
	}
}

func TestAShareTokenExpires(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	connection := newConnection(t, server)
	account := newAccount(t, client, "a")
	params := persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: account.ID}
	var ids []string
	for range 2 {
		token, err := client.ShareTokens.Create(ctx, params)
		ok(t, err)
		ids = append(ids, token.ID)
	}
	_, err := client.ShareTokens.Expire(ctx, ids[0])
	ok(t, err)
	server.Advance(15 * 24 * time.Hour)
	var expired []string
	for token, err := range client.ShareTokens.List(ctx, persona.ShareTokenListParams{Status: "expired", ConnectionID: connection.ID, Direction: "outbound"}) {
		ok(t, err)
		expired = append(expired, token.ID)
	}
	slices.Reverse(expired)
	if !slices.Equal(expired, ids) {
		t.Errorf("expired are %v, not %v", expired, ids)
	}
	for name, test := range map[string]struct {
		params persona.ShareTokenCreateParams
		status int
	}{
		"an unknown connection": {persona.ShareTokenCreateParams{ConnectionID: "cxn_unknown", SourceID: account.ID}, 404},
		"an unknown source":     {persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: "act_unknown"}, 404},
		"a template as source":  {persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: sandbox.CaseTemplateID}, 404},
		"too short a life":      {persona.ShareTokenCreateParams{ConnectionID: connection.ID, SourceID: account.ID, ExpiresInSeconds: persona.Set(int64(59))}, 400},
	} {
		_, err := client.ShareTokens.Create(ctx, test.params)
		var refused *persona.Error
		if !errors.As(err, &refused) || refused.Status != test.status {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = client.Connections.Deactivate(ctx, connection.ID)
	ok(t, err)
	if _, err := client.ShareTokens.Create(ctx, params); !errors.Is(err, persona.ErrConflict) {
		t.Errorf("over an inactive connection: %v", err)
	}
}
