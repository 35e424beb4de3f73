package sandbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	made, err := client.APIKeys.Create(ctx, persona.APIKeyCreateParams{Name: "second", APIKeyInflection: persona.Set("kebab")})
	ok(t, err)
	second := server.client(persona.WithAPIKey(made.Attributes.Value))
	newInquiry(t, second, "")
	_, err = client.APIKeys.Update(ctx, made.ID, persona.APIKeyUpdateParams{Permissions: persona.Set([]string{"inquiry.read"})})
	ok(t, err)
	if _, err := second.APIKeys.ListPage(ctx, persona.APIKeyListParams{}); !errors.Is(err, persona.ErrForbidden) {
		t.Errorf("without the permission: %v", err)
	}
	clone, err := client.APIKeys.Clone(ctx, made.ID)
	ok(t, err)
	if clone.Attributes.Value == made.Attributes.Value {
		t.Error("a clone has the same value")
	}
	_, err = client.APIKeys.Update(ctx, clone.ID, persona.APIKeyUpdateParams{IPAddressAllowlist: persona.Set([]string{"192.0.2.0/24"})})
	ok(t, err)
	if _, err := server.client(persona.WithAPIKey(clone.Attributes.Value)).Inquiries.ListPage(ctx, persona.InquiryListParams{}); !errors.Is(err, persona.ErrForbidden) {
		t.Errorf("from another address: %v", err)
	}
	_, err = client.APIKeys.Expire(ctx, made.ID, persona.APIKeyExpireParams{ExpiresInSeconds: 60})
	ok(t, err)
	if _, err := second.Inquiries.ListPage(ctx, persona.InquiryListParams{}); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	server.Advance(time.Minute)
	if _, err := second.Inquiries.ListPage(ctx, persona.InquiryListParams{}); !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("after it expired: %v", err)
	}
	page, err := client.APIKeys.ListPage(ctx, persona.APIKeyListParams{Name: "second"})
	ok(t, err)
	if len(page.Data) != 2 || strings.Contains(string(page.Data[0].Raw), "persona_sandbox_") {
		t.Errorf("%d keys, or their values", len(page.Data))
	}
	_, err = client.APIKeys.Get(ctx, made.ID)
	ok(t, err)
	for log, err := range client.APILogs.List(ctx, persona.APILogListParams{}) {
		ok(t, err)
		_, err = client.APILogs.Get(ctx, log.ID)
		ok(t, err)
		if strings.Contains(string(log.Raw), "persona_sandbox_") {
			t.Error("the API log holds a key")
		}
		break
	}
}

func TestAKeySaysWhenItWasLastUsed(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	page, err := client.APIKeys.ListPage(ctx, persona.APIKeyListParams{})
	ok(t, err)
	for _, later := range []time.Duration{0, 200 * time.Millisecond, time.Second, time.Hour} {
		server.Advance(later)
		key, err := client.APIKeys.Get(ctx, page.Data[0].ID)
		ok(t, err)
		if want := server.Now().Truncate(time.Second); !key.Attributes.LastUsedAt.Equal(want) {
			t.Errorf("%s later the key was last used at %s, not %s", later, key.Attributes.LastUsedAt, want)
		}
	}
}

func TestASeededKeyLacksWhatItIsWithout(t *testing.T) {
	t.Parallel()
	seed := "sandbox:\n  keys:\n    - {value: persona_sandbox_Narrow, without: [account.write]}\n"
	server := start(t, sandbox.Options{Seed: readSeed(t, seed)})
	client, ctx := server.client(persona.WithAPIKey("persona_sandbox_Narrow")), t.Context()
	if _, err := client.Accounts.ListPage(ctx, persona.AccountListParams{}); err != nil {
		t.Errorf("what the key may do: %v", err)
	}
	if _, err := client.Accounts.Create(ctx, persona.AccountCreateParams{}); !errors.Is(err, persona.ErrForbidden) {
		t.Errorf("what the key may not do: %v", err)
	}
	for text, problem := range map[string]string{
		"without: [account.wriet]":                            "account.write",
		"without: [account.write], permissions: [list.write]": "either permissions or without",
	} {
		seed := readSeed(t, "sandbox:\n  keys:\n    - {value: persona_sandbox_Narrow, "+text+"}\n")
		if _, err := sandbox.New(sandbox.Options{Seed: seed}); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
