package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strings"
)

// encrypt writes a text as a compact JWE for a key: RSA-OAEP-256 and A256GCM (RFC 7516).
func encrypt(key *rsa.PublicKey, text []byte) (string, error) {
	header := encode64([]byte(`{"alg":"RSA-OAEP-256","enc":"A256GCM"}`))
	content, iv := make([]byte, 32), make([]byte, 12)
	_, _ = rand.Read(content) // never fails: crypto/rand
	_, _ = rand.Read(iv)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, content, nil)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(content)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	sealed := gcm.Seal(nil, iv, text, []byte(header))
	body, tag := sealed[:len(sealed)-gcm.Overhead()], sealed[len(sealed)-gcm.Overhead():]
	return strings.Join([]string{header, encode64(wrapped), encode64(iv), encode64(body), encode64(tag)}, "."), nil
}
