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
	maxReference = 1024 // bytes of a reference id; PostgreSQL's indexes are limited to 2,700
	maxStatus    = 1024 // bytes of a status, which templates of cases define
)

// FromResource parses a resource; the object shares its memory. AsOf is the resource's
// updated-at, or zero if it has none. URLs of files lose their access tokens. The error is
// an [*UnreadableError].
func FromResource(environment domain.Environment, raw []byte) (domain.Object, error) {
	raw = domain.WithoutFileTokens(raw)
	switch {
	case !utf8.Valid(raw):
		return domain.Object{}, unreadable(NotUTF8)
	case !json.Valid(raw):
		return domain.Object{}, unreadable(Malformed)
	}
	return parseResource(environment, raw)
}

// parseResource parses a resource from valid JSON in UTF-8.
func parseResource(environment domain.Environment, raw json.RawMessage) (domain.Object, error) {
	resource, err := members(raw, exact)
	if err != nil {
		return domain.Object{}, err
	}
	o := domain.Object{Environment: environment}
	if o.Ref, err = readIdentifier(resource); err != nil {
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

// named sets the fields that have columns, and rejects values that the columns cannot
// store.
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
		// Replacing characters that cannot be stored could make two reference ids equal.
		return domain.Object{}, unreadable(BadReference)
	default:
		return o, nil
	}
}

// readIdentifier reads the type and id of a resource or of a JSON:API resource identifier.
func readIdentifier(resource map[string]json.RawMessage) (ref domain.Ref, err error) {
	for key, into := range map[string]*string{"type": &ref.Type, "id": &ref.ID} {
		// Half of a surrogate pair is decoded as U+FFFD, which could make two ids equal.
		if json.Unmarshal(resource[key], into) != nil || strings.ContainsRune(*into, utf8.RuneError) {
			return ref, unreadable(BadIdentity)
		}
	}
	if ref.Check() != nil {
		return ref, unreadable(BadIdentity)
	}
	return ref, nil
}

// refs reads a relationship. A relationship without data was withheld, so it is not given.
// A to-one relationship that is null or an empty object, as in some of Persona's examples,
// names nothing. A to-many relationship names nothing only if it is an empty list; anything
// else is not given, so that an unreadable list never helps to approve a person.
func refs(raw json.RawMessage, many bool) (to []domain.Ref, given bool, err error) {
	to = []domain.Ref{}
	if isNull(raw) {
		return to, !many, nil
	}
	relationship, err := members(raw, exact)
	if err != nil {
		return nil, false, relationError(err)
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
		_ = json.Unmarshal(data, &elements) // cannot fail: it is a list
	}
	for _, element := range elements {
		resource, err := members(element, exact)
		if err != nil {
			return nil, false, relationError(err)
		}
		if len(resource) == 0 {
			continue
		}
		ref, err := readIdentifier(resource)
		if err != nil {
			return nil, false, relationError(err)
		}
		to = append(to, ref)
	}
	return to, true, nil
}

// relationError converts an error of a relationship's part.
func relationError(err error) error {
	var reason *UnreadableError
	if errors.As(err, &reason) && reason.Reason == DuplicateKey {
		return err
	}
	return unreadable(BadRelation)
}

// optional reads an object that may be absent or null, with keys in any casing.
func optional(raw json.RawMessage) (map[string]json.RawMessage, error) {
	if raw == nil || isNull(raw) {
		return map[string]json.RawMessage{}, nil
	}
	return members(raw, Kebab)
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// Kebab converts a key from any of Persona's casings to kebab-case. A key that starts with
// a capital is in none of them and stays unchanged: Status is not status.
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
