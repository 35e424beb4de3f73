package deliver

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"

	"github.com/idemhq/idem/internal/domain"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32

	// Standard Webhooks: "between 24 bytes (192 bits) and 64 bytes (512 bits)".
	leastSecret, mostSecret = 24, 64
)

var plausibleName = regexp.MustCompile("^[a-z0-9][a-z0-9-]{0,62}$")

// CheckName returns an error if a name cannot be used for an endpoint.
func CheckName(text string) error {
	if !plausibleName.MatchString(text) {
		return errors.New("a name has 1 to 63 small letters, digits and dashes")
	}
	return nil
}

// NewSecret returns a new random secret.
func NewSecret() domain.Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return domain.Secret(secretPrefix + base64.StdEncoding.EncodeToString(b[:]))
}

// CheckSecret returns an error if a secret is invalid. The error does not contain it.
func CheckSecret(s domain.Secret) error {
	encoded, ok := strings.CutPrefix(s.Reveal(), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < leastSecret || len(key) > mostSecret {
		return errors.New("a secret is whsec_ and 24 to 64 bytes in base64: make one with openssl rand -base64 32")
	}
	return nil
}
