package persona_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
)

func TestNewClient(t *testing.T) {
	for name, test := range map[string]struct {
		key  string // of the environment variable
		opts []persona.Option
		want error  // nil where says is what matters
		says string // empty for no error
	}{
		"a key from the environment variable is enough": {key: "persona_sandbox_1"},
		"a key from an option is enough":                {opts: []persona.Option{persona.WithAPIKey("persona_sandbox_1")}},
		"no key names the variable":                     {want: persona.ErrNoKey, says: "PERSONA_API_KEY"},
		"a nil HTTP client changes nothing":             {key: "persona_sandbox_1", opts: []persona.Option{persona.WithHTTPClient(nil)}},
		"a nil limiter changes nothing":                 {key: "persona_sandbox_1", opts: []persona.Option{persona.WithRateLimiter(nil)}},
		"an idempotency key for all calls is refused":   {key: "persona_sandbox_1", opts: []persona.Option{persona.WithIdempotencyKey("once")}, says: "for one call"},
		"a response for all calls is refused":           {key: "persona_sandbox_1", opts: []persona.Option{persona.WithResponse(new(*persona.Response))}, says: "for one call"},
		"a key of spaces is none":                       {key: "  ", want: persona.ErrNoKey, says: "PERSONA_API_KEY"},
		"a key with a line break inside is refused":     {opts: []persona.Option{persona.WithAPIKey("persona\nsandbox")}, says: "line break"},
		"a base URL without a host is refused":          {key: "k", opts: []persona.Option{persona.WithBaseURL("api.example.com")}, says: "not a web address"},
		"a production key is refused for the sandbox":   {key: "persona_production_1", opts: []persona.Option{persona.WithEnvironment(persona.Sandbox)}, says: "of the production environment"},
		"a sandbox key is refused for production":       {key: "persona_sandbox_1", opts: []persona.Option{persona.WithEnvironment(persona.Production)}, says: "of the sandbox environment"},
		"a key of an unknown form is taken as it is":    {key: "something-new", opts: []persona.Option{persona.WithEnvironment(persona.Production)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PERSONA_API_KEY", test.key)
			t.Setenv("PERSONA_BASE_URL", "")
			client, err := persona.NewClient(test.opts...)
			switch {
			case test.says == "":
				if err != nil || client == nil {
					t.Fatalf("client %v, error %v", client, err)
				}
			case err == nil || !strings.Contains(err.Error(), test.says):
				t.Fatalf("error %v, want one that says %q", err, test.says)
			case strings.Contains(err.Error(), "\n"):
				t.Errorf("the error has more than one line: %v", err)
			case test.want != nil && !errors.Is(err, test.want):
				t.Errorf("error %v is not %v", err, test.want)
			}
			if err != nil && test.key != "" && strings.TrimSpace(test.key) != "" && strings.Contains(err.Error(), test.key) {
				t.Errorf("the error contains the key: %v", err)
			}
		})
	}
}

func TestAClientPrintsWithoutItsKey(t *testing.T) {
	client, err := persona.NewClient(persona.WithAPIKey("persona_sandbox_1"), persona.WithBaseURL("https://persona.example.com/api/v1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, client); strings.Contains(got, "persona_sandbox_1") || !strings.Contains(got, "persona.example.com") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestAnEnvironmentMismatchIsAnEnvironmentError(t *testing.T) {
	_, err := persona.NewClient(persona.WithAPIKey("persona_production_1"), persona.WithEnvironment(persona.Sandbox))
	var mismatch *persona.EnvironmentError
	if !errors.As(err, &mismatch) || mismatch.Environment != persona.Sandbox {
		t.Errorf("error %v", err)
	}
}
