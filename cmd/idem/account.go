package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// localBaseURL is the default address of the API of `idem sandbox` and `idem dev`.
const localBaseURL = "http://127.0.0.1:8090/api/v1"

// account is embedded by the commands that call Persona's API. The key is never a flag,
// because other users of the machine can read flags.
type account struct {
	Environment string `enum:"sandbox,production" default:"sandbox" placeholder:"ENVIRONMENT" help:"The environment: sandbox or production (${default}). The API key must belong to it."`
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"Read the API key and the address from this configuration file of the service. The default is PERSONA_API_KEY and PERSONA_BASE_URL."`
	Local       bool   `help:"Use the local sandbox (http://127.0.0.1:8090, or --base-url) and its built-in API key."`
	BaseURL     string `name:"base-url" placeholder:"URL" help:"The address of Persona's API."`
}

// client returns a client for the environment.
func (a account) client(opts ...persona.Option) (*persona.Client, error) {
	key, baseURL, err := a.settings()
	if err != nil {
		return nil, err
	}
	if baseURL != "" {
		opts = append(opts, persona.WithBaseURL(baseURL))
	}
	if key != "" {
		opts = append(opts, persona.WithAPIKey(key))
	}
	if key == "" && os.Getenv("PERSONA_API_KEY") == "" {
		return nil, errors.New("no API key: set PERSONA_API_KEY, or use --config FILE, or --local for the local sandbox")
	}
	return newClient(a.Environment, opts...)
}

// newClient returns a client whose key must belong to the environment.
func newClient(environment string, opts ...persona.Option) (*persona.Client, error) {
	client, err := persona.NewClient(append(opts, persona.WithEnvironment(persona.Environment(environment)))...)
	var mismatch *persona.EnvironmentError
	if errors.As(err, &mismatch) {
		return nil, fmt.Errorf("%w: set --environment, or use another key", err)
	}
	return client, err
}

// settings returns the key and the address. They are empty if the SDK reads them from the
// environment.
func (a account) settings() (key, baseURL string, err error) {
	if a.Local {
		keys := map[string]string{"sandbox": sandbox.SandboxKey, "production": sandbox.ProductionKey}
		return keys[a.Environment], cmp.Or(a.BaseURL, localBaseURL), nil
	}
	if a.Config != "" {
		cfg, err := service.LoadConfig(a.Config, os.Getenv)
		if err != nil {
			return "", "", err
		}
		env, configured := cfg.Environments[service.Environment(a.Environment)]
		if !configured {
			return "", "", fmt.Errorf("%s does not configure the environment %s", a.Config, a.Environment)
		}
		return env.APIKey.Reveal(), cmp.Or(a.BaseURL, env.BaseURL), nil
	}
	if os.Getenv("PERSONA_API_KEY") == "" {
		prefix := "IDEM_" + strings.ToUpper(a.Environment)
		return os.Getenv(prefix + "_API_KEY"), cmp.Or(a.BaseURL, os.Getenv(prefix+"_BASE_URL")), nil
	}
	return "", a.BaseURL, nil
}

// refused adds Persona's details to an error, as far as it lacks them, and what to do. The
// details can contain personal data, but the user asked for the call and only the user sees
// them.
func refused(err error) error {
	known := func(line string) bool { return strings.Contains(err.Error(), line) }
	lines := append(slices.DeleteFunc(refusal(err), known), advice(err)...)
	if len(lines) > 0 {
		return fmt.Errorf("%w\n  %s", err, strings.Join(lines, "\n  "))
	}
	return err
}

// advice says what to do about an error that a wrong setting usually causes.
func advice(err error) []string {
	var network *net.OpError
	switch {
	case errors.Is(err, persona.ErrUnauthorized):
		return []string{"Persona does not know the API key: check PERSONA_API_KEY, or the api_key of the configuration file"}
	case errors.As(err, &network) && network.Op == "dial":
		return []string{"Persona's API cannot be reached: check the network, and the address in PERSONA_BASE_URL, --base-url or the configuration file"}
	}
	return nil
}

// refusal returns Persona's details about an error, one per line.
func refusal(err error) []string {
	var refusal *persona.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	return refusal.Details()
}
