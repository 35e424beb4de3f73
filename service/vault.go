package service

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/idemhq/idem/internal/vault"
)

// readSecretsKey completes SecretsKey from its file and its variable.
func (c *Config) readSecretsKey(folder, variable string) error {
	if path := c.SecretsKeyFile; path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		lines, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("secrets_key_file: %w", err)
		}
		if c.SecretsKey = secrets(string(lines)); len(c.SecretsKey) == 0 {
			return fmt.Errorf("secrets_key_file: %s has no key", path) // without one, secrets would be decrypted
		}
	}
	if variable != "" {
		c.SecretsKey = secrets(variable)
	}
	return nil
}

// vault returns what encrypts secrets in the database.
func (c Config) vault() (vault.Vault, error) { return vault.New(c.SecretsKey) }
