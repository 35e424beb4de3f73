package idem

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The verification of Standard Webhooks takes few lines, so this package has no dependency. A
// test compares them with the official library.

// tolerance is how old or how far ahead a signature can be (Standard Webhooks recommend it).
const tolerance = 5 * time.Minute

var errSignature = errors.New("the message is not signed with one of the secrets, or its timestamp is more than five minutes off")

// keysOf decodes secrets of the form whsec_….
func keysOf(secrets []string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < 24 || len(key) > 64 {
			return nil, errors.New("idem: a secret is whsec_ and 24 to 64 bytes in base64") // without the secret
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("idem: without a secret no notification can be trusted")
	}
	return keys, nil
}

// verify checks the signature of a message and returns its id.
func verify(keys [][]byte, header http.Header, body []byte, now time.Time) (id string, err error) {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return "", errSignature
	}
	if at := time.Unix(seconds, 0); at.Before(now.Add(-tolerance)) || at.After(now.Add(tolerance)) {
		return "", errSignature
	}
	for given := range strings.FieldsSeq(header.Get("webhook-signature")) {
		encoded, ok := strings.CutPrefix(given, "v1,")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil {
			continue
		}
		for _, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(id + "." + timestamp + "."))
			mac.Write(body)
			if hmac.Equal(mac.Sum(nil), signature) {
				return id, nil
			}
		}
	}
	return "", errSignature
}
