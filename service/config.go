package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/internal/yamlfile"
)

// Environment is one of Persona's two environments.
type Environment = domain.Environment

// The two environments.
const (
	Sandbox    = domain.Sandbox
	Production = domain.Production
)

// Secret is a string that is masked in logs, errors and dumps. Its method Reveal returns
// the string.
type Secret = domain.Secret

// Config is the configuration of the service. Environment variables override the file.
type Config struct {
	Listen            string        `yaml:"listen"`             // host:port; default 127.0.0.1:8080; IDEM_LISTEN
	DataDir           string        `yaml:"data_dir"`           // the folder of the SQLite database; default .idem; IDEM_DATA_DIR
	DatabaseURL       Secret        `yaml:"database_url"`       // postgres://…, shared by one or more nodes; default: SQLite in DataDir; IDEM_DATABASE_URL
	Retention         time.Duration `yaml:"retention"`          // minimum time that events are kept on PostgreSQL; default: forever
	APIToken          Secret        `yaml:"api_token"`          // for the API below /v1; empty turns the API off; IDEM_API_TOKEN
	LogLevel          string        `yaml:"log_level"`          // debug, info, warn or error; default info; IDEM_LOG_LEVEL
	LogFormat         string        `yaml:"log_format"`         // json or text; default json; IDEM_LOG_FORMAT
	ReconcileInterval time.Duration `yaml:"reconcile_interval"` // how often to compare Persona's events with the stored ones; default 10m; IDEM_RECONCILE_INTERVAL

	Environments map[Environment]EnvironmentConfig `yaml:"environments"`

	// TrustedProxies are the networks or addresses of the proxies whose X-Forwarded-For
	// header is believed. IDEM_TRUSTED_PROXIES, separated by commas.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// AllowPrivateAddresses allows notification endpoints at addresses that are not public,
	// for development; IDEM_ALLOW_PRIVATE_ADDRESSES.
	AllowPrivateAddresses bool `yaml:"allow_private_addresses"`

	// SecretsKey encrypts the secrets of notification endpoints and the links of actions in the
	// database: keys of 32 bytes in base64. The first encrypts, and all decrypt. Default: the
	// secrets are not encrypted, and the links are not stored. IDEM_SECRETS_KEY, separated by
	// commas.
	SecretsKey     []Secret `yaml:"secrets_key"`
	SecretsKeyFile string   `yaml:"secrets_key_file"` // a file with one key per line; alternative to secrets_key

	// Simulation is set only by tests that use a fake clock.
	Simulation *Simulation `yaml:"-"`

	path string // the file that it was loaded from, if any
}

// Simulation replaces the network and the polling interval when the service runs on a fake
// clock.
type Simulation struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // opens connections to Persona
	Poll time.Duration                                                        // how often the queue looks for jobs
}

// EnvironmentConfig is the configuration of one environment. In the names of the variables,
// ENV is SANDBOX or PRODUCTION.
type EnvironmentConfig struct {
	APIKey             Secret        `yaml:"api_key"`              // IDEM_ENV_API_KEY
	APIKeyFile         string        `yaml:"api_key_file"`         // a file that contains the key; alternative to api_key
	APIKeyID           string        `yaml:"api_key_id"`           // of the key at Persona (api_…), to rotate it; not needed if there is only one key
	BaseURL            string        `yaml:"base_url"`             // of Persona's API; IDEM_ENV_BASE_URL
	WebhookSecrets     []Secret      `yaml:"webhook_secrets"`      // all valid secrets; IDEM_ENV_WEBHOOK_SECRETS, separated by commas
	WebhookSecretsFile string        `yaml:"webhook_secrets_file"` // a file with one secret per line; alternative to webhook_secrets
	Policy             string        `yaml:"policy"`               // a file of rules; default: the built-in rules; IDEM_ENV_POLICY
	Tolerance          time.Duration `yaml:"tolerance"`            // maximum age of a signature; default 5m

	// Where the API key and the webhook secrets are, so that they can be rotated. LoadConfig
	// sets them; they are zero for what comes from a variable.
	APIKeyPlace         Place `yaml:"-"`
	WebhookSecretsPlace Place `yaml:"-"`

	// RotateKeys is the age at which the service replaces the API key and the webhook secret
	// in their files. The default is never.
	RotateKeys time.Duration `yaml:"rotate_keys"`

	// Notifications are the endpoints of the host application. IDEM_ENV_NOTIFICATIONS_URL and
	// IDEM_ENV_NOTIFICATIONS_SECRETS (separated by commas) add one that is named "default".
	Notifications []NotificationEndpoint `yaml:"notifications"`

	// Flows are the ways to verify somebody, by their names.
	Flows map[string]FlowConfig `yaml:"flows"`

	// Since separates history from the present: earlier events are stored and shown, but no
	// decision is made on them. The default is the time of the first start.
	Since time.Time `yaml:"since"`
}

// Place is where a secret is: in a file that contains nothing else, or in a setting of a YAML
// file.
type Place struct {
	File    string
	Setting string // such as environments.sandbox.api_key; empty for a file of its own
}

// LoadConfig reads the configuration from a file and from environment variables. An empty
// path means no file. Paths inside the file are relative to it. Errors name the setting and
// the variable.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	c := Config{path: path}
	var file *yamlfile.File
	folder := "."
	if path != "" {
		source, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return c, fmt.Errorf("read the configuration: %w: check the path, or let idem init write a configuration", err)
		}
		if err != nil {
			return c, fmt.Errorf("read the configuration: %w", err)
		}
		file = yamlfile.New(path, source)
		if err := file.Read(&c); err != nil {
			return c, renamed(withoutText(err))
		}
		folder = filepath.Dir(path)
	}
	for old, now := range renames() {
		if name := "IDEM_" + strings.ToUpper(old); getenv(name) != "" {
			return c, fmt.Errorf("%s is not used any more: set IDEM_%s", name, strings.ToUpper(now))
		}
	}
	override(&c.Listen, getenv("IDEM_LISTEN"), "127.0.0.1:8080")
	override(&c.DataDir, getenv("IDEM_DATA_DIR"), ".idem")
	override(&c.LogLevel, getenv("IDEM_LOG_LEVEL"), "info")
	override(&c.LogFormat, getenv("IDEM_LOG_FORMAT"), "json")
	if err := c.readSecretsKey(folder, getenv("IDEM_SECRETS_KEY")); err != nil {
		return c, err
	}
	if every := getenv("IDEM_RECONCILE_INTERVAL"); every != "" {
		var err error
		if c.ReconcileInterval, err = time.ParseDuration(every); err != nil {
			return c, fmt.Errorf("reconcile_interval (IDEM_RECONCILE_INTERVAL): %q is not a duration such as 10m", every)
		}
	}
	if database := getenv("IDEM_DATABASE_URL"); database != "" {
		c.DatabaseURL = Secret(database)
	}
	if text := getenv("IDEM_ALLOW_PRIVATE_ADDRESSES"); text != "" {
		var err error
		if c.AllowPrivateAddresses, err = strconv.ParseBool(text); err != nil {
			return c, fmt.Errorf("allow_private_addresses (IDEM_ALLOW_PRIVATE_ADDRESSES): %q is not true or false", text)
		}
	}
	if list := getenv("IDEM_TRUSTED_PROXIES"); list != "" {
		c.TrustedProxies = words(list)
	}
	if token := getenv("IDEM_API_TOKEN"); token != "" {
		c.APIToken = Secret(token)
	}
	for _, name := range []Environment{Sandbox, Production} {
		env, configured := c.Environments[name]
		variable := func(setting string) string { return getenv(variableName(name, setting)) }
		if !configured && variable("API_KEY") == "" && variable("WEBHOOK_SECRETS") == "" {
			continue
		}
		if err := env.complete(folder, variable); err != nil {
			return c, fmt.Errorf("environments.%s: %w", name, err)
		}
		env.locate(path, name, variable)
		if c.Environments == nil {
			c.Environments = map[Environment]EnvironmentConfig{}
		}
		c.Environments[name] = env
	}
	return c, located(file, c.Check(), getenv)
}

// renames maps the old names of settings to their current names.
func renames() map[string]string {
	return map[string]string{"data": "data_dir", "database": "database_url", "retain": "retention", "reconcile": "reconcile_interval", "token": "api_token"}
}

// renamed adds the current name to an error about the old name of a setting.
func renamed(err error) error {
	var at *yamlfile.Error
	if !errors.As(err, &at) {
		return err
	}
	for old, now := range renames() {
		if at.Problem == fmt.Sprintf("unknown field %q", old) {
			return &yamlfile.Error{File: at.File, Line: at.Line, Column: at.Column, Problem: fmt.Sprintf("%s; it is called %s now", at.Problem, now)}
		}
	}
	return suggested(err)
}

// files returns the files that the configuration was loaded from.
func (c Config) files() []string {
	paths := []string{c.path}
	for _, e := range c.Environments {
		paths = append(paths, e.APIKeyFile, e.WebhookSecretsFile, e.Policy)
		for _, n := range e.Notifications {
			paths = append(paths, n.SecretsFile)
		}
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return path == "" })
	slices.Sort(paths)
	return slices.Compact(paths)
}

// complete adds the values from environment variables and files. It makes the paths
// independent of the folder, and removes those of files that a variable overrides.
func (e *EnvironmentConfig) complete(folder string, variable func(string) string) error {
	relativeTo(folder, &e.APIKeyFile, &e.WebhookSecretsFile)
	if key := variable("API_KEY"); key != "" {
		e.APIKey, e.APIKeyFile = Secret(key), ""
	}
	if list := variable("WEBHOOK_SECRETS"); list != "" {
		e.WebhookSecrets, e.WebhookSecretsFile = secrets(list), ""
	}
	if e.APIKeyFile != "" {
		key, err := read(e.APIKeyFile)
		if err != nil {
			return fmt.Errorf("api_key_file: %w", err)
		}
		e.APIKey = Secret(key)
	}
	if e.WebhookSecretsFile != "" {
		lines, err := read(e.WebhookSecretsFile)
		if err != nil {
			return fmt.Errorf("webhook_secrets_file: %w", err)
		}
		e.WebhookSecrets = secrets(lines)
	}
	for i, n := range e.Notifications {
		if n.SecretsFile == "" {
			continue
		}
		relativeTo(folder, &e.Notifications[i].SecretsFile)
		lines, err := read(e.Notifications[i].SecretsFile)
		if err != nil {
			return fmt.Errorf("notifications: secrets_file of %q: %w", n.Name, err)
		}
		e.Notifications[i].Secrets = secrets(lines)
	}
	if address := variable("NOTIFICATIONS_URL"); address != "" {
		e.Notifications = append(e.Notifications, NotificationEndpoint{Name: "default", URL: address, Secrets: secrets(variable("NOTIFICATIONS_SECRETS"))})
	}
	override(&e.BaseURL, variable("BASE_URL"), "")
	override(&e.Policy, variable("POLICY"), "")
	relativeTo(folder, &e.Policy)
	return nil
}

// locate sets where the API key and the webhook secrets are.
func (e *EnvironmentConfig) locate(path string, name Environment, variable func(string) string) {
	place := func(setting, file string) Place {
		switch {
		case file != "":
			return Place{File: file}
		case path != "" && variable(strings.ToUpper(setting)) == "":
			return Place{File: path, Setting: fmt.Sprintf("environments.%s.%s", name, setting)}
		}
		return Place{}
	}
	e.APIKeyPlace, e.WebhookSecretsPlace = place("api_key", e.APIKeyFile), place("webhook_secrets", e.WebhookSecretsFile)
}

// relativeTo makes relative paths relative to a folder.
func relativeTo(folder string, paths ...*string) {
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

func read(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

func secrets(text string) []Secret {
	var out []Secret
	for _, word := range words(text) {
		out = append(out, Secret(word))
	}
	return out
}

// words splits a list at commas and white space.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == ' ' || r == '\r' })
}

// blank reports whether a secret is empty or only white space.
func blank(s Secret) bool { return strings.TrimSpace(s.Reveal()) == "" }

func override(setting *string, variable, otherwise string) {
	switch {
	case variable != "":
		*setting = variable
	case *setting == "":
		*setting = otherwise
	}
}

// Check reports all missing and invalid settings in one error.
func (c Config) Check() error {
	var problems []error
	problem := func(path, format string, args ...any) {
		problems = append(problems, &settingError{path: path, said: fmt.Errorf(format, args...)})
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		problem("listen", "listen (IDEM_LISTEN): %q is not host:port", c.Listen)
	}
	if levels := []string{"debug", "info", "warn", "error"}; !slices.Contains(levels, c.LogLevel) {
		problem("log_level", "log_level (IDEM_LOG_LEVEL): %q is not debug, info, warn or error%s", c.LogLevel, spelling.DidYouMean(c.LogLevel, levels))
	}
	if formats := []string{"json", "text"}; !slices.Contains(formats, c.LogFormat) {
		problem("log_format", "log_format (IDEM_LOG_FORMAT): %q is not json or text%s", c.LogFormat, spelling.DidYouMean(c.LogFormat, formats))
	}
	if c.DatabaseURL != "" {
		if _, err := serverAt(c.DatabaseURL); err != nil {
			problem("database_url", "database_url (IDEM_DATABASE_URL): %w", err)
		}
	}
	if c.Retention < 0 || c.Retention > 0 && (c.DatabaseURL == "" || c.Retention < 100*24*time.Hour) {
		problem("retention", "retention: only PostgreSQL deletes old events, and they are kept for at least 2400h, since Persona lists them for three months")
	}
	if c.ReconcileInterval != 0 && c.ReconcileInterval < time.Second {
		problem("reconcile_interval", "reconcile_interval (IDEM_RECONCILE_INTERVAL): %s is less than a second", c.ReconcileInterval)
	}
	if _, err := c.vault(); err != nil {
		problem("secrets_key", "secrets_key (IDEM_SECRETS_KEY): %w", err)
	}
	if _, err := c.proxies(); err != nil {
		problem("trusted_proxies", "trusted_proxies (IDEM_TRUSTED_PROXIES): %w", err)
	}
	if len(c.Environments) == 0 {
		problem("environments", "no environment is configured: set environments.sandbox in a configuration file (--config FILE; idem init writes one), or IDEM_SANDBOX_API_KEY and IDEM_SANDBOX_WEBHOOK_SECRETS")
	}
	for name, e := range c.Environments {
		if _, err := domain.ParseEnvironment(string(name)); err != nil {
			problem("environments."+string(name), "environments: %w%s", err, spelling.DidYouMean(string(name), []string{string(Sandbox), string(Production)}))
			continue
		}
		wrong := func(key, format string, args ...any) {
			path := fmt.Sprintf("environments.%s.%s", name, key)
			problem(path, "%s (%s) %w", path, variableName(name, key), fmt.Errorf(format, args...))
		}
		other := map[Environment]string{Sandbox: "persona_production", Production: "persona_sandbox"}[name]
		switch {
		case e.APIKey == "":
			wrong("api_key", "is missing")
		case strings.HasPrefix(e.APIKey.Reveal(), other):
			wrong("api_key", "is a key of the other environment (it starts with %s)", other)
		}
		if len(e.WebhookSecrets) == 0 || slices.ContainsFunc(e.WebhookSecrets, blank) {
			wrong("webhook_secrets", "is missing or blank: without a secret no webhook can be trusted")
		}
		if u, err := url.Parse(e.BaseURL); e.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			wrong("base_url", "is not a web address")
		}
		problems = append(problems, c.checkNotifications(name)...)
		problems = append(problems, c.flowProblems(name)...)
		switch {
		case e.RotateKeys != 0 && e.RotateKeys < minRotation:
			problems = append(problems, wrongSetting(fmt.Sprintf("environments.%s.rotate_keys", name), fmt.Errorf("%s is less than a day", e.RotateKeys)))
		case e.RotateKeys != 0 && e.APIKeyPlace == (Place{}) && e.WebhookSecretsPlace == (Place{}):
			problems = append(problems, wrongSetting(fmt.Sprintf("environments.%s.rotate_keys", name), errors.New("the API key and the webhook secrets come from variables: put them into files, where the new ones can be written")))
		}
		if e.Tolerance < 0 {
			path := fmt.Sprintf("environments.%s.tolerance", name)
			problem(path, "%s is below zero", path)
		}
	}
	shared := func(s Secret) bool { return slices.Contains(c.Environments[Production].WebhookSecrets, s) }
	if slices.ContainsFunc(c.Environments[Sandbox].WebhookSecrets, shared) {
		problem("environments", "environments: both have the same webhook secret: an event of the sandbox would pass for one of production")
	}
	return errors.Join(problems...)
}

// minRotation is the lowest age at which keys can be rotated: every old key must have time
// to fall out of use.
const minRotation = 24 * time.Hour

// proxies parses TrustedProxies.
func (c Config) proxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range c.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = address.Prefix(address.BitLen())
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8, nor an address", text)
		case network.Bits() == 0:
			return nil, fmt.Errorf("%q contains every address: any sender could forge X-Forwarded-For", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// variableName returns for example IDEM_SANDBOX_API_KEY for the sandbox's api_key.
func variableName(environment Environment, setting string) string {
	return "IDEM_" + strings.ToUpper(string(environment)+"_"+setting)
}

// withoutText removes quotations of the file from an error, since they can contain a
// secret. It keeps the names of unknown settings.
func withoutText(err error) error {
	var at *yamlfile.Error
	switch {
	case !errors.As(err, &at) || strings.HasPrefix(at.Problem, "unknown field"):
		return err
	case strings.Contains(at.Problem, "duration"):
		return &yamlfile.Error{File: at.File, Line: at.Line, Column: at.Column, Problem: "this is not a duration such as 90s, 10m or 24h"}
	case at.Line == 0:
		return &yamlfile.Error{File: at.File, Problem: "it is not a configuration"}
	}
	problem := quoted.ReplaceAllString(at.Problem, `"…"`)
	return &yamlfile.Error{File: at.File, Line: at.Line, Column: at.Column, Problem: problem}
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// Logger returns a logger with the configured level and format.
func (c Config) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Check has validated the level
	return telemetry.NewLogger(w, c.LogFormat, level)
}
