package webhook

import (
	"log/slog"
	"strings"
)

// String returns the event's name and ids. It contains no personal data.
func (e *Envelope) String() string {
	s := string(e.Name) + " " + e.ID
	if e.ObjectType != "" {
		s += " of " + strings.TrimSpace(e.ObjectType+" "+e.ObjectID)
	}
	return s
}

// LogValue implements [slog.LogValuer].
func (e *Envelope) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", e.ID), slog.String("name", string(e.Name)), slog.Time("created_at", e.CreatedAt),
		slog.String("object_type", e.ObjectType), slog.String("object_id", e.ObjectID),
	)
}
