package sandbox_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestEveryOperationOnThemeSets(t *testing.T) {
	t.Parallel()
	client, ctx := start(t, sandbox.Options{}).client(), t.Context()
	made, err := client.ThemeSets.Create(ctx, persona.ThemeSetCreateParams{Name: "Blue", Styles: persona.Set(persona.ThemeSetStylesInput{
		Dark:     persona.Set(persona.ThemeSetVariantInput{Inquiry: persona.Set(map[string]any{"color-primary": "#00f"})}),
		Settings: persona.Set(persona.ThemeSetStylesInputSettings{UseDarkTheme: persona.Set(true)}),
	})})
	ok(t, err)
	if first := made.Attributes.Styles; !first.Settings.UseDarkTheme || string(first.Dark.Inquiry["color-primary"]) != `"#00f"` {
		t.Errorf("the new theme set is %s", made.Raw)
	}
	changed, err := client.ThemeSets.Update(ctx, made.ID, persona.ThemeSetUpdateParams{Name: persona.Set("Deep blue"), Styles: persona.Set(persona.ThemeSetStylesInput{
		Settings: persona.Set(persona.ThemeSetStylesInputSettings{PreferredThemeVariant: persona.Set("dark")}),
	})})
	ok(t, err)
	styles := changed.Attributes.Styles
	if changed.Attributes.Name != "Deep blue" || styles.Settings.UseDarkTheme || styles.Settings.PreferredThemeVariant != "dark" || len(styles.Dark.Inquiry) != 0 {
		t.Errorf("the theme set is %s", changed.Raw)
	}
	if named, err := client.ThemeSets.Update(ctx, made.ID, persona.ThemeSetUpdateParams{Name: persona.Set("Deeper blue")}); err != nil || named.Attributes.Styles.Settings.PreferredThemeVariant != "dark" {
		t.Errorf("a name without styles: %v, %v", named, err)
	}
	changed, err = client.ThemeSets.Update(ctx, made.ID, persona.ThemeSetUpdateParams{Name: persona.Set("Deep blue")})
	ok(t, err)
	got, err := client.ThemeSets.Get(ctx, made.ID)
	ok(t, err)
	if string(got.Raw) != string(changed.Raw) {
		t.Errorf("the theme set reads as %s", got.Raw)
	}
	_, err = client.ThemeSets.Archive(ctx, made.ID)
	ok(t, err)
	for status, want := range map[string][]string{"active": {sandbox.ThemeSetID}, "archived": {made.ID}, "": {made.ID, sandbox.ThemeSetID}} {
		var ids []string
		for set, err := range client.ThemeSets.List(ctx, persona.ThemeSetListParams{Status: status, Size: 1}) {
			ok(t, err)
			ids = append(ids, set.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("theme sets that are %q are %v, not %v", status, ids, want)
		}
	}
	for name, call := range map[string]func() error{
		"archiving again": func() error { _, err := client.ThemeSets.Archive(ctx, made.ID); return err },
		"archiving the default one": func() error {
			_, err := client.ThemeSets.Archive(ctx, sandbox.ThemeSetID)
			return err
		},
		"changing what is archived": func() error {
			_, err := client.ThemeSets.Update(ctx, made.ID, persona.ThemeSetUpdateParams{Name: persona.Set("x")})
			return err
		},
		"a name that is taken": func() error {
			_, err := client.ThemeSets.Create(ctx, persona.ThemeSetCreateParams{Name: "default"})
			return err
		},
	} {
		if err := call(); !errors.Is(err, persona.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAThemeSetThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		details                  string
	}{
		{"no name", "POST", "", `{"data":{"attributes":{}}}`, 400, "data.attributes.name is missing"},
		{"an empty name", "POST", "", `{"data":{"attributes":{"name":""}}}`, 400, "data.attributes.name must be filled"},
		{"styles that are none", "POST", "", `{"data":{"attributes":{"name":"x","styles":"blue"}}}`, 400, "data.attributes.styles must be an object"},
		{"a variant that is none", "POST", "", `{"data":{"attributes":{"name":"x","styles":{"dark":1}}}}`, 400, "data.attributes.styles.dark must be an object"},
		{"a setting of another type", "POST", "", `{"data":{"attributes":{"name":"x","styles":{"settings":{"use-dark-theme":"yes"}}}}}`, 400, "data.attributes.styles.settings.use_dark_theme is of another type"},
		{"a variant that does not exist", "POST", "", `{"data":{"attributes":{"name":"x","styles":{"settings":{"preferred-theme-variant":"red"}}}}}`, 422, "preferred-theme-variant must be light or dark"},
		{"cells that do not exist or are of another type", "POST", "", `{"data":{"attributes":{"name":"x","styles":{"sepia":{},"dark":{"inquiry":[],"font":"Arial"},"settings":{"use-dark-theme":1}}}}}`, 400,
			"data.attributes.styles.dark.font is unknown, data.attributes.styles.dark.inquiry is of another type, data.attributes.styles.sepia is unknown, data.attributes.styles.settings.use_dark_theme is of another type"},
		{"an empty name for an old one", "PATCH", "/" + sandbox.ThemeSetID, `{"data":{"attributes":{"name":""}}}`, 400, "data.attributes.name must be filled"},
		{"an unknown one to read", "GET", "/theset_1", "", 404, ""},
		{"an unknown one to change", "PATCH", "/theset_1", "{}", 404, ""},
		{"an unknown one to archive", "DELETE", "/theset_1", "", 404, ""},
	} {
		status, _, doc := server.do(test.method, "/api/v1/theme-sets"+test.path, test.body)
		if status != test.status || details(doc) != test.details {
			t.Errorf("%s: %d %q, not %d %q", test.name, status, details(doc), test.status, test.details)
		}
	}
	if page, err := server.client().ThemeSets.ListPage(t.Context(), persona.ThemeSetListParams{}); err != nil || len(page.Data) != 1 {
		t.Errorf("afterwards the theme sets are %v, %v", page, err)
	}
}
