package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// event is one event name, with the Go type of its resource where the documents describe
// it.
type event struct {
	Name     string
	Resource string // Inquiry; "" where only the name is known
}

// webhook returns the generated files of the package persona/webhook.
func webhook(docs []*openapi.Document) (map[string]string, error) {
	newest := docs[len(docs)-1]
	events, err := events(newest)
	if err != nil {
		return nil, err
	}
	data := struct {
		Version string
		Events  []event
	}{newest.Version, events}
	names, err := render("names", data)
	if err != nil {
		return nil, err
	}
	typed, err := render("events", data)
	return map[string]string{"names_gen.go": names, "events_gen.go": typed}, err
}

// events returns the events that a webhook can be subscribed to, by name.
func events(doc *openapi.Document) ([]event, error) {
	var events []event
	subscribable := doc.Flat(doc.Schema("webhook-request-attributes")).Properties["enabled-events"].Items.Enum
	for _, name := range subscribable {
		if name == "*" {
			continue
		}
		resource, err := eventResource(doc, name)
		if err != nil {
			return nil, err
		}
		events = append(events, event{name, resource})
	}
	for name := range doc.Webhooks {
		if !slices.Contains(subscribable, name) {
			return nil, fmt.Errorf("the document describes %s, but a webhook cannot be subscribed to it", name)
		}
	}
	slices.SortFunc(events, func(a, b event) int { return strings.Compare(a.Name, b.Name) })
	return events, nil
}

// eventResource returns the Go type of the resource in an event, "" where the document
// does not describe the event.
func eventResource(doc *openapi.Document, name string) (string, error) {
	schema := doc.Webhooks[name]
	if schema == nil {
		return "", nil
	}
	for _, key := range []string{"data", "attributes", "payload", "data"} {
		if schema = doc.Flat(schema).Properties[key]; schema == nil {
			return "", fmt.Errorf("the body of %s has no %s where one was expected", name, key)
		}
	}
	return typeName(schema.Ref), nil
}
