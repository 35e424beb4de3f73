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

// checkNotifications returns the problems of an environment's endpoints.
func (c Config) checkNotifications(env Environment) (problems []error) {
	var names []string
	for _, n := range c.Environments[env].Notifications {
		problem := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("%q: %w", n.Name, fmt.Errorf(format, args...)))
		}
		if err := deliver.CheckName(n.Name); err != nil {
			problem("name: %w", err)
		}
		if slices.Contains(names, n.Name) {
			problem("two endpoints have this name")
		}
		names = append(names, n.Name)
		if err := c.network().CheckURL(env, n.URL); err != nil {
			problem("url: %w", err)
		}
		if len(n.Secrets) == 0 {
			problem("secrets: %w", errors.New("at least one is needed to sign messages"))
		}
		for _, s := range n.Secrets {
			if err := deliver.CheckSecret(s); err != nil {
				problem("secrets: %w", err)
			}
		}
		for _, typ := range n.Types {
			if err := notify.CheckType(typ); err != nil {
				problem("types: %w", err)
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
