package domain

import "log/slog"

// Secret is a text that never prints: in logs, errors and dumps it is masked.
type Secret string

// String returns a mask. [Secret.Reveal] returns the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString returns a mask.
func (s Secret) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer] with a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a mask, so that a configuration that is written out holds none.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret.
func (s Secret) Reveal() string { return string(s) }
