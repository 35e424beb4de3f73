package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// event is one event name, with the component that describes its resource where the
// documents have one.
type event struct {
	name     string
	resource string // inquiry, report-watchlist; "" where only the name is known
}

// read returns the events of the newest document, by name.
func read() ([]event, error) {
	dir, err := openapi.Dir()
	if err != nil {
		return nil, err
	}
	versions, err := openapi.Versions(dir)
	if err != nil {
		return nil, err
	}
	doc, err := openapi.Load(dir, slices.Max(versions))
	if err != nil {
		return nil, err
	}
	described, err := payloads(filepath.Join(dir, doc.Version, "openapi-bundled.json"))
	if err != nil {
		return nil, fmt.Errorf("read the webhooks of %s: %w", doc.Version, err)
	}
	var events []event
	for _, name := range doc.Flat(doc.Schema("webhook-request-attributes")).Properties["enabled-events"].Items.Enum {
		if name != "*" {
			events = append(events, event{name, described[name]})
			delete(described, name)
		}
	}
	if len(described) > 0 {
		return nil, fmt.Errorf("%d described events cannot be subscribed to", len(described))
	}
	slices.SortFunc(events, func(a, b event) int { return strings.Compare(a.name, b.name) })
	return events, nil
}

// payloads returns the component that describes the resource of each webhook.
func payloads(file string) (map[string]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Webhooks map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct{ Schema *openapi.Schema }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	resources := make(map[string]string)
	for name, webhook := range doc.Webhooks {
		schema := webhook.Post.RequestBody.Content["application/json"].Schema
		for _, key := range []string{"data", "attributes", "payload", "data"} {
			if schema = property(schema, key); schema == nil {
				return nil, fmt.Errorf("the body of %s has no %s where one was expected", name, key)
			}
		}
		resources[name] = schema.Ref
	}
	return resources, nil
}

// property finds a property of an object schema or of one of its parts.
func property(schema *openapi.Schema, name string) *openapi.Schema {
	if found := schema.Properties[name]; found != nil {
		return found
	}
	for _, part := range schema.AllOf {
		if found := property(part, name); found != nil {
			return found
		}
	}
	return nil
}
