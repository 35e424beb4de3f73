package fold

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/domain"
)

const (
	maxReference = 1024 // bytes of a reference id; PostgreSQL's indexes end at 2,700
	maxStatus    = 1024 // bytes of a status: a text of the host's own for a case
)

// FromResource reads a resource, and shares its memory. The object's AsOf is the
// updated-at that it carries, zero where it has none. The error is an
// [*UnreadableError].
func FromResource(environment domain.Environment, raw []byte) (domain.Object, error) {
	switch {
	case !utf8.Valid(raw):
		return domain.Object{}, unreadable(NotUTF8)
	case !json.Valid(raw):
		return domain.Object{}, unreadable(Malformed)
	}
	return fromValid(environment, raw)
}

// fromValid reads a resource from what is known to be valid JSON in UTF-8.
func fromValid(environment domain.Environment, raw json.RawMessage) (domain.Object, error) {
	resource, err := members(raw, exact)
	if err != nil {
		return domain.Object{}, err
	}
	o := domain.Object{Environment: environment}
	if o.Ref, err = identifier(resource); err != nil {
		return domain.Object{}, err
	}
	if o.Attributes, err = optional(resource["attributes"]); err != nil {
		return domain.Object{}, err
	}
	relationships, err := optional(resource["relationships"])
	if err != nil {
		return domain.Object{}, err
	}
	o.Relationships = make(map[string][]domain.Ref, len(relationships))
	for key, value := range relationships {
		to, given, err := refs(value, strings.HasSuffix(key, "s"))
		if err != nil {
			return domain.Object{}, err
		}
		if given {
			o.Relationships[key] = to
		}
	}
	return named(o)
}

// named fills in what an object has columns for, and refuses what those cannot keep.
func named(o domain.Object) (domain.Object, error) {
	o.Status = text(o.Attributes["status"])
	if o.Ref.Type == "account" {
		o.Status = text(o.Attributes["account-status"])
	}
	o.ReferenceID = text(o.Attributes["reference-id"])
	o.RedactedAt = moment(o.Attributes["redacted-at"])
	o.AsOf = moment(o.Attributes["updated-at"])
	switch {
	case len(o.Status) > maxStatus:
		return domain.Object{}, unreadable(BadStatus)
	case len(o.ReferenceID) > maxReference || strings.ContainsRune(o.ReferenceID, utf8.RuneError):
		// With another character in place of one that no database keeps, two reference ids
		// could become one.
		return domain.Object{}, unreadable(BadReference)
	default:
		return o, nil
	}
}

// identifier reads the type and the id of a resource, or of what stands for one in a
// relationship.
func identifier(resource map[string]json.RawMessage) (ref domain.Ref, err error) {
	for key, into := range map[string]*string{"type": &ref.Type, "id": &ref.ID} {
		// Half of a surrogate pair is read as U+FFFD: two ids could become one.
		if json.Unmarshal(resource[key], into) != nil || strings.ContainsRune(*into, utf8.RuneError) {
			return ref, unreadable(BadIdentity)
		}
	}
	if ref.Check() != nil {
		return ref, unreadable(BadIdentity)
	}
	return ref, nil
}

// refs reads a relationship to one or to many. One that holds no data is not given: the
// webhook withheld it. To one, null and an empty object, which Persona's examples print in
// places, mean none. To many, only an empty list does: anything else is not given, so that
// nobody is approved because a list could not be seen.
func refs(raw json.RawMessage, many bool) (to []domain.Ref, given bool, err error) {
	to = []domain.Ref{}
	if isNull(raw) {
		return to, !many, nil
	}
	relationship, err := members(raw, exact)
	if err != nil {
		return nil, false, inRelation(err)
	}
	data, given := relationship["data"]
	switch {
	case !given:
		return nil, false, nil
	case many && data[0] != '[':
		return nil, false, nil
	case isNull(data):
		return to, true, nil
	}
	var elements []json.RawMessage
	if data[0] != '[' {
		elements = append(elements, data)
	} else {
		_ = json.Unmarshal(data, &elements) // it is a list
	}
	for _, element := range elements {
		resource, err := members(element, exact)
		if err != nil {
			return nil, false, inRelation(err)
		}
		if len(resource) == 0 {
			continue
		}
		ref, err := identifier(resource)
		if err != nil {
			return nil, false, inRelation(err)
		}
		to = append(to, ref)
	}
	return to, true, nil
}

// inRelation is an error that was met inside of a relationship.
func inRelation(err error) error {
	var reason *UnreadableError
	if errors.As(err, &reason) && reason.Reason == DuplicateKey {
		return err
	}
	return unreadable(BadRelation)
}

// optional reads an object that may be missing or null, with keys in any casing.
func optional(raw json.RawMessage) (map[string]json.RawMessage, error) {
	if raw == nil || isNull(raw) {
		return map[string]json.RawMessage{}, nil
	}
	return members(raw, Kebab)
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// Kebab writes a key of any of Persona's casings in kebab-case. One that begins with a
// capital is of none of them, and stays as it is: Status is not status.
func Kebab(key string) string {
	if first, _ := utf8.DecodeRuneInString(key); unicode.IsUpper(first) {
		return key
	}
	if !strings.ContainsFunc(key, func(r rune) bool { return r == '_' || unicode.IsUpper(r) }) {
		return key
	}
	var b strings.Builder
	camel := strings.ContainsFunc(key, unicode.IsUpper)
	previous := rune('-')
	for _, r := range key {
		word := unicode.IsUpper(r) || camel && unicode.IsDigit(r) && !unicode.IsDigit(previous)
		if word && previous != '-' && previous != '_' {
			b.WriteByte('-')
		}
		previous = r
		if r == '_' {
			r = '-'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
