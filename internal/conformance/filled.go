package conformance

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Key is an attribute or a relationship of a type of resource.
type Key struct {
	Resource string // the type: account-type
	Place    string // attributes or relationships
	Name     string
}

// String returns the position of the key: account-type/attributes/name.
func (k Key) String() string { return k.Resource + "/" + k.Place + "/" + k.Name }

// Keys returns the attributes and relationships of all types of resources that the document
// describes, sorted.
func (d *Document) Keys() []Key {
	var keys []Key
	for _, typ := range slices.Sorted(maps.Keys(d.components)) {
		for _, place := range []string{"attributes", "relationships"} {
			for _, name := range slices.Sorted(maps.Keys(d.part(typ, place))) {
				keys = append(keys, Key{typ, place, name})
			}
		}
	}
	return keys
}

// part returns the schemas of the attributes or the relationships of a type, by name.
func (d *Document) part(typ, place string) node {
	schema, _ := d.at(join("/components/schemas", d.components[typ])).(node)
	if byType, ok := d.members(schema); ok {
		schema, _ = byType[typ].(node)
	}
	part, _ := d.properties(schema)[place].(node)
	return d.properties(part)
}

// schemaOf returns the schema of a key.
func (d *Document) schemaOf(key Key) node {
	schema, _ := d.part(key.Resource, key.Place)[key.Name].(node)
	return schema
}

// Filled yields the keys of the resources in a body that have a value: not null, and no empty
// text, list or object.
func Filled(body any, yield func(Key)) {
	walk(body, func(object node) {
		typ, _ := object["type"].(string)
		if _, isResource := object["id"].(string); !isResource || typ == "" {
			return
		}
		for _, place := range []string{"attributes", "relationships"} {
			part, _ := object[place].(node)
			for name, value := range part {
				if relationship, ok := value.(node); ok && place == "relationships" {
					value = relationship["data"]
				}
				if filled(value) {
					yield(Key{typ, place, name})
				}
			}
		}
	})
}

func filled(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case string:
		return value != ""
	case []any:
		return len(value) > 0
	case node:
		return len(value) > 0
	}
	return true
}

// Times yields the times in the attributes of the resources in a body.
func Times(body any, yield func(Key, time.Time)) {
	walk(body, func(object node) {
		typ, _ := object["type"].(string)
		attributes, _ := object["attributes"].(node)
		for name, value := range attributes {
			text, _ := value.(string)
			if at, err := time.Parse(time.RFC3339, text); err == nil && strings.HasSuffix(name, "-at") {
				yield(Key{typ, "attributes", name}, at)
			}
		}
	})
}

// Unfilled lists the keys that no step can fill, with the reason. A resource that ends with an
// asterisk stands for all types that begin like it.
func Unfilled() []Exception {
	const (
		nothingRedacts = "no operation redacts one"
		nothingStores  = "the sandbox stores no social security numbers"
		counted        = "the sandbox counts matches, and does not name them"
		legacy         = "only inquiries of legacy templates have it; the sandbox has templates of the Dynamic Flow"
		notArchived    = "it is archived in the dashboard, which the sandbox does not have"
		notUploaded    = "it is read by a chip or an app, so no files are uploaded"
		noDeployment   = "versions of the sandbox's workflow are not rolled out in steps"
		noFieldRows    = "no operation imports such items"
		noFiles        = "a person uploads no such file in the sandbox"
	)
	return []Exception{
		{"*", "/relationships/template", legacy},
		{"template", "/attributes/name", legacy},
		{"list-item/*", "/attributes/redacted-at", nothingRedacts},
		{"api-log", "/attributes/redacted-at", nothingRedacts},
		{"graph-query", "/attributes/redacted-at", nothingRedacts},
		{"importer-pipeline-run", "/attributes/redacted-at", nothingRedacts},
		{"list-item/*", "/attributes/inquiry-matches", counted},
		{"importer-pipeline", "/attributes/archived-at", notArchived},
		{"case-queue", "/attributes/archived-at", notArchived},
		{"case-template", "/attributes/archived-at", notArchived},
		{"document/government-id-nfc", "/relationships/document-files", notUploaded},
		{"document/mdoc", "/relationships/document-files", notUploaded},
		{"account", "/attributes/social-security-number", nothingStores},
		{"inquiry", "/attributes/social-security-number", nothingStores},
		{"importer/list-item/field", "*", noFieldRows},
		{"workflow-deployment", "*", noDeployment},
		{"workflow", "/relationships/active-deployment", noDeployment},
		{"graph-query", "/attributes/stats", "the document allows only an empty object"},
		{"graph-query", "/attributes/explorer-url", "the sandbox has no graph explorer"},
		{"importer-pipeline", "/attributes/next-run-at", "pipelines of the sandbox run by an act, not at set times"},
		{"importer-pipeline-run", "/attributes/reference-id", "no act gives a run one"},
		{"device", "/attributes/device-vendor-id", "only apps tell it, and sessions of the sandbox come from browsers"},
		{"user-audit-log", "/attributes/impersonator-email-address", "nobody acts for another user in the sandbox"},
		{"report-template/watchlist", "/attributes/search-lists", "templates of the sandbox search its only list"},
		{"document/generic", "/attributes/extraction-results", "a test can choose extraction-responses, which replaced it"},
		{"document/government-id", "/attributes/back-photo", "Persona's sandbox shows none either"},
		{"verification/digital-id-serpro", "/attributes/qr-code-attachment", noFiles},
		{"verification/jp-my-number-nfc-scan", "/attributes/face-image", noFiles},
		{"verification/jp-my-number-nfc-scan", "/attributes/selfie-photo", noFiles},
		{"verification/database", "/attributes/smarty-streets-validation", "no later version has it under another name"},
	}
}

// Covers reports whether the exception is about a key.
func (e Exception) Covers(k Key) bool {
	return matches(e.Resource, k.Resource) && matches(e.Place, "/"+k.Place+"/"+k.Name)
}

// matches reports whether a text matches a pattern, whose asterisks stand for any text.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
