package persona

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// The methods in this file keep personal data out of logs: printing or logging a value
// shows what it is but not its contents. The fields can still be read.

// String returns the resource's type and id, such as "inquiry inq_…", and no personal
// data.
func (r *Resource) String() string { return describe(r.Type, r.ID) }

// LogValue implements [slog.LogValuer] with the resource's type and id.
func (r *Resource) LogValue() slog.Value { return logValue(r.Type, r.ID) }

// String returns the type and the id.
func (id Identifier) String() string { return describe(id.Type, id.ID) }

//go:noinline
func describe(typ, id string) string {
	if typ == "" && id == "" {
		return "no resource"
	}
	return strings.TrimSpace(typ + " " + id)
}

// LogValue implements [slog.LogValuer].
func (id Identifier) LogValue() slog.Value { return logValue(id.Type, id.ID) }

//go:noinline
func logValue(typ, id string) slog.Value {
	return slog.GroupValue(slog.String("type", typ), slog.String("id", id))
}

// String returns the length of the JSON, since answers can contain credentials.
func (r *Received) String() string { return "answer of " + bytesOf(r.Raw) }

// LogValue implements [slog.LogValuer].
func (r *Received) LogValue() slog.Value { return slog.StringValue(r.String()) }

func bytesOf(b []byte) string { return strconv.Itoa(len(b)) + " bytes" }

// String returns the type and id of the event's resource.
func (p EventPayload) String() string { return p.Identifier().String() }

// LogValue implements [slog.LogValuer].
func (p EventPayload) LogValue() slog.Value { return p.Identifier().LogValue() }

// String returns the number of fields.
func (f Fields) String() string { return fmt.Sprintf("%d fields", len(f)) }

// LogValue implements [slog.LogValuer].
func (f Fields) LogValue() slog.Value { return slog.StringValue(f.String()) }

// String returns the field's type.
func (f Field) String() string {
	if f.IsNull() {
		return "empty field"
	}
	return f.Type + " field"
}

// LogValue implements [slog.LogValuer].
func (f Field) LogValue() slog.Value { return slog.StringValue(f.String()) }

// String returns the number of items.
func (p *Page[E]) String() string { return fmt.Sprintf("page of %d", len(p.Data)) }

// LogValue implements [slog.LogValuer].
func (p *Page[E]) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String returns the status and the request id.
func (r *Response) String() string {
	return fmt.Sprintf("answer %d (request %s)", r.Status, r.RequestID)
}

// LogValue implements [slog.LogValuer].
func (r *Response) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.Status), slog.String("request_id", r.RequestID), slog.Int("attempts", r.Attempts))
}

// GoString is like Error, for the verb %#v.
func (e *Error) GoString() string { return e.Error() }

// LogValue implements [slog.LogValuer] with the parts of Error.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("operation", e.Operation), slog.Int("status", e.Status)}
	if title := e.title(); title != "" {
		attrs = append(attrs, slog.String("title", title))
	}
	if e.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", e.RequestID))
	}
	if e.outcomeUnknown {
		attrs = append(attrs, slog.Bool("outcome_unknown", true))
	}
	return slog.GroupValue(attrs...)
}

// String returns the title, because the details can contain personal data.
func (d ErrorDetail) String() string { return d.Title }

// GoString is like String, for the verb %#v.
func (d ErrorDetail) GoString() string { return d.Title }

// LogValue implements [slog.LogValuer].
func (d ErrorDetail) LogValue() slog.Value { return slog.StringValue(d.Title) }
