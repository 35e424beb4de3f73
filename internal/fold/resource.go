package fold

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/domain"
)

const (
	maxReference = 1024 // bytes of a reference id; PostgreSQL's indexes end at 2,700
	maxStatus    = 1024 // bytes of a status: a text of the host's own for a case
)

// FromResource reads a resource. Its AsOf is the updated-at that it carries, zero
// where it has none. The error is an [*UnreadableError].
func FromResource(environment domain.Environment, raw []byte) (domain.Object, error) {
	o := domain.Object{Environment: environment, Attributes: map[string]json.RawMessage{}, Relationships: map[string][]domain.Ref{}}
	if !utf8.Valid(raw) {
		return domain.Object{}, unreadable(NotUTF8)
	}
	err := members(raw, exact, func(key string, value json.RawMessage) error {
		switch key {
		case "type":
			return word(value, &o.Ref.Type)
		case "id":
			return word(value, &o.Ref.ID)
		case "attributes":
			return optional(value, func(key string, value json.RawMessage) error {
				o.Attributes[key] = value
				return nil
			})
		case "relationships":
			return optional(value, func(key string, value json.RawMessage) error {
				to, given, err := refs(value)
				if given {
					o.Relationships[key] = to
				}
				return err
			})
		default:
			return nil
		}
	})
	if err != nil {
		return domain.Object{}, err
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
	case o.Ref.Check() != nil:
		return domain.Object{}, unreadable(BadIdentity)
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

// word reads a string that names something.
func word(raw json.RawMessage, into *string) error {
	if json.Unmarshal(raw, into) != nil {
		return unreadable(Malformed)
	}
	if strings.ContainsRune(*into, utf8.RuneError) { // half of a surrogate pair: two ids could become one
		return unreadable(BadIdentity)
	}
	return nil
}

// refs reads a relationship to one or to many. One that holds no data is not given: the
// webhook withheld it. Null and an empty object, which Persona's examples print in
// places, are a relationship to none.
func refs(raw json.RawMessage) (to []domain.Ref, given bool, err error) {
	if isNull(raw) {
		return []domain.Ref{}, true, nil
	}
	var data json.RawMessage
	err = members(raw, exact, func(key string, value json.RawMessage) error {
		if key == "data" {
			data = value
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, false, inRelation(err)
	case data == nil:
		return nil, false, nil
	case isNull(data):
		return []domain.Ref{}, true, nil
	case data[0] != '[':
		to, err = add([]domain.Ref{}, data)
		return to, true, err
	}
	var elements []json.RawMessage
	if json.Unmarshal(data, &elements) != nil {
		return nil, false, unreadable(BadRelation)
	}
	to = make([]domain.Ref, 0, len(elements))
	for _, element := range elements {
		if to, err = add(to, element); err != nil {
			return nil, false, err
		}
	}
	return to, true, nil
}

// add adds the resource that a relationship names, if it names one.
func add(to []domain.Ref, raw json.RawMessage) ([]domain.Ref, error) {
	var ref domain.Ref
	empty := true
	err := members(raw, exact, func(key string, value json.RawMessage) error {
		empty = false
		switch key {
		case "type":
			return word(value, &ref.Type)
		case "id":
			return word(value, &ref.ID)
		default:
			return nil
		}
	})
	switch {
	case err != nil:
		return nil, inRelation(err)
	case empty:
		return to, nil
	case ref.Check() != nil:
		return nil, unreadable(BadRelation)
	default:
		return append(to, ref), nil
	}
}

// inRelation is an error that was met inside of a relationship.
func inRelation(err error) error {
	var reason *UnreadableError
	if errors.As(err, &reason) && reason.Reason == DuplicateKey {
		return err
	}
	return unreadable(BadRelation)
}

// optional reads an object that may be null, with keys of any casing.
func optional(raw json.RawMessage, each func(key string, value json.RawMessage) error) error {
	if isNull(raw) {
		return nil
	}
	return members(raw, kebab, each)
}

// members calls each for the members of a JSON object. No two have one key, as name
// writes it: encoding/json would take the last of them, and match them without case.
func members(raw []byte, name func(key string) string, each func(key string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return unreadable(Malformed)
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return unreadable(Malformed)
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return unreadable(Malformed)
		}
		as := name(key.(string)) // what stands before a value in an object is a string
		if seen[as] {
			return unreadable(DuplicateKey)
		}
		seen[as] = true
		if err := each(as, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the end of the object
		return unreadable(Malformed)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return unreadable(Malformed)
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func exact(key string) string { return key }

// kebab writes a key of any of Persona's casings in kebab-case. One that begins with a
// capital is of none of them, and stays as it is: Status is not status.
func kebab(key string) string {
	if first, _ := utf8.DecodeRuneInString(key); unicode.IsUpper(first) {
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
