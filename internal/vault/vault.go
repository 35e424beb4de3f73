// Package vault encrypts the secrets that the database holds, with AES-256-GCM. Keys are
// replaced by putting a new one first: it encrypts, and all of them decrypt.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/domain"
)

// ErrKey means that a text was encrypted with a key that the vault does not have, or that it
// was changed.
var ErrKey = errors.New("none of the keys in secrets_key opens it")

const (
	prefix   = "sealed:" // of what is encrypted; no JSON begins with it
	keyBytes = 32
)

// Vault encrypts and decrypts. The zero Vault has no key: it leaves texts as they are.
type Vault struct{ keys []key }

// key is a key with the name by which texts refer to it.
type key struct {
	name string
	aead cipher.AEAD
}

// New returns a vault with keys, the current one first. A key is 32 bytes in base64.
func New(keys []domain.Secret) (Vault, error) {
	var v Vault
	for i, text := range keys {
		raw, err := base64.StdEncoding.DecodeString(text.Reveal())
		if err != nil || len(raw) != keyBytes {
			return Vault{}, fmt.Errorf("key %d is not 32 bytes in base64: make one with openssl rand -base64 32", i+1) // without the text
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return Vault{}, fmt.Errorf("use key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return Vault{}, fmt.Errorf("use key %d: %w", i+1, err)
		}
		sum := sha256.Sum256(append([]byte("idem key "), raw...))
		v.keys = append(v.keys, key{hex.EncodeToString(sum[:4]), aead})
	}
	return v, nil
}

// Encrypts reports whether the vault has a key.
func (v Vault) Encrypts() bool { return len(v.keys) > 0 }

// Seal encrypts a text that belongs to an owner. It can be opened for this owner only.
func (v Vault) Seal(text, owner string) string {
	if len(v.keys) == 0 {
		return text
	}
	k := v.keys[0]
	return prefix + k.name + ":" + base64.RawStdEncoding.EncodeToString(k.aead.Seal(nil, nil, []byte(text), []byte(owner)))
}

// Open decrypts what Seal returned for the same owner. A text that was not encrypted is
// returned as it is. The error is [ErrKey].
func (v Vault) Open(sealed, owner string) (string, error) {
	rest, ok := strings.CutPrefix(sealed, prefix)
	if !ok {
		return sealed, nil
	}
	name, encoded, _ := strings.Cut(rest, ":")
	raw, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", ErrKey
	}
	for _, k := range v.keys {
		if k.name != name {
			continue
		}
		if text, err := k.aead.Open(nil, nil, raw, []byte(owner)); err == nil {
			return string(text), nil
		}
	}
	return "", ErrKey
}

// Current reports whether a text is as Seal would store it now: encrypted with the current
// key, or not encrypted if there is none.
func (v Vault) Current(sealed string) bool {
	if len(v.keys) == 0 {
		return !strings.HasPrefix(sealed, prefix)
	}
	return strings.HasPrefix(sealed, prefix+v.keys[0].name+":")
}
