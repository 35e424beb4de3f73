package service

import (
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
)

// NotificationEndpoint is an address of the host application that receives notifications
// as Standard Webhooks.
type NotificationEndpoint struct {
	Name        string   `yaml:"name"`         // small letters, digits and dashes
	URL         string   `yaml:"url"`          // https in production
	Secrets     []Secret `yaml:"secrets"`      // whsec_…; messages are signed with each, so that secrets can be rotated
	SecretsFile string   `yaml:"secrets_file"` // a file with one a line instead
	Types       []string `yaml:"types"`        // of notifications; empty means all
}

// checkNotifications returns the problems of an environment's endpoints. They are
// [*settingError]s.
func (c Config) checkNotifications(env Environment) (problems []error) {
	var names []string
	for i, n := range c.Environments[env].Notifications {
		problem := func(setting string, err error) {
			path := fmt.Sprintf("environments.%s.notifications[%d].%s", env, i, setting)
			problems = append(problems, wrongSetting(path, fmt.Errorf("%q: %w", n.Name, err)))
		}
		if err := deliver.CheckName(n.Name); err != nil {
			problem("name", err)
		}
		if slices.Contains(names, n.Name) {
			problem("name", errors.New("two endpoints have this name"))
		}
		names = append(names, n.Name)
		if err := c.network().CheckURL(env, n.URL); err != nil {
			problem("url", err)
		}
		if len(n.Secrets) == 0 {
			problem("secrets", errors.New("at least one is needed to sign messages"))
		}
		for j, s := range n.Secrets {
			setting := fmt.Sprintf("secrets[%d]", j)
			if n.SecretsFile != "" {
				setting = "secrets_file"
			}
			if err := deliver.CheckSecret(s); err != nil {
				problem(setting, err)
			}
		}
		for j, typ := range n.Types {
			if err := notify.CheckType(typ); err != nil {
				problem(fmt.Sprintf("types[%d]", j), err)
			}
		}
	}
	return problems
}

// network returns which addresses endpoints can have.
func (c Config) network() deliver.Network {
	return deliver.Network{AllowPrivate: c.AllowPrivateAddresses}
}

// endpoints returns the endpoints of all environments.
func (c Config) endpoints() []domain.Endpoint {
	var all []domain.Endpoint
	for env, e := range c.Environments {
		for _, n := range e.Notifications {
			endpoint := domain.Endpoint{Environment: env, Name: n.Name, URL: n.URL, Types: n.Types, Configured: true}
			for _, s := range n.Secrets {
				endpoint.Secrets = append(endpoint.Secrets, domain.SigningSecret{Secret: s})
			}
			all = append(all, endpoint)
		}
	}
	return all
}
