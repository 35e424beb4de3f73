package sandbox_test

import (
	"errors"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// production returns a client with the production key.
func (s *server) production() *persona.Client {
	return s.client(persona.WithAPIKey(sandbox.ProductionKey))
}

func TestTemplatesAndAuditLogsAreForProduction(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	ctx := t.Context()
	for name, read := range map[string]func(*persona.Client) error{
		"templates": func(c *persona.Client) error {
			_, err := c.InquiryTemplates.ListPage(ctx, persona.InquiryTemplateListParams{})
			return err
		},
		"a template": func(c *persona.Client) error {
			_, err := c.InquiryTemplates.Get(ctx, sandbox.InquiryTemplateID, persona.WithInclude("latest-published-version"))
			return err
		},
		"translations": func(c *persona.Client) error {
			_, err := c.InquiryTemplates.GetTranslations(ctx, sandbox.InquiryTemplateID)
			return err
		},
		"versions": func(c *persona.Client) error {
			_, err := c.InquiryTemplateVersions.ListPage(ctx, persona.InquiryTemplateVersionListParams{InquiryTemplateID: sandbox.InquiryTemplateID})
			return err
		},
		"audit logs": func(c *persona.Client) error {
			_, err := c.UserAuditLogs.ListPage(ctx, persona.UserAuditLogListParams{})
			return err
		},
		"an audit log": func(c *persona.Client) error {
			_, err := c.UserAuditLogs.Get(ctx, sandbox.UserAuditLogID, persona.WithInclude("user"))
			return err
		},
	} {
		if err := read(server.client()); !errors.Is(err, persona.ErrUnauthorized) {
			t.Errorf("%s with a sandbox key: %v", name, err)
		}
		if err := read(server.production()); err != nil {
			t.Errorf("%s with a production key: %v", name, err)
		}
	}
}

func TestTranslationsMakeADraft(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).production(), t.Context()
	give := func(step, locale string) (*persona.InquiryTemplateVersion, error) {
		return client.InquiryTemplates.ImportTranslations(ctx, sandbox.InquiryTemplateID, persona.InquiryTemplateImportTranslationsParams{
			Translations: []persona.InquiryTemplateImportTranslationsTranslation{{
				Step: step, Component: "title", AttributeName: "text", LocaleValues: []persona.InquiryTemplateImportTranslationsTranslationLocaleValue{{Locale: locale, Value: persona.Set("Verifique su identidad")}},
			}},
		})
	}
	draft, err := give("start", "es")
	ok(t, err)
	if draft.Attributes.Status != "draft" || draft.Attributes.Live {
		t.Errorf("the draft is %+v", draft.Attributes)
	}
	template, err := client.InquiryTemplates.Get(ctx, sandbox.InquiryTemplateID)
	ok(t, err)
	if got := template.Relationships.LatestPublishedVersion.Data.ID; got != sandbox.InquiryTemplateVersionID {
		t.Errorf("the published version is %s", got)
	}
	page, err := client.InquiryTemplateVersions.ListPage(ctx, persona.InquiryTemplateVersionListParams{InquiryTemplateID: sandbox.InquiryTemplateID})
	ok(t, err)
	if len(page.Data) != 2 || page.Data[0].ID != draft.ID {
		t.Errorf("there are %d versions", len(page.Data))
	}
	for _, locale := range []string{"en-US", "fr", "es-MX"} {
		if _, err := give("start", locale); err != nil {
			t.Errorf("translations for %s: %v", locale, err)
		}
	}
	for name, try := range map[string][2]string{"an unknown step": {"end", "es"}, "an unknown locale": {"start", "xx"}} {
		if _, err := give(try[0], try[1]); !errors.Is(err, persona.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.InquiryTemplates.Get(ctx, "itmpl_unknown"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown template: %v", err)
	}
}
