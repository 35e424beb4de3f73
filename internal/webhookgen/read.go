package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// event is one event name, with the schema of its payload where the documents
// describe it.
type event struct {
	name   string
	schema string // "" where only the name is known
}

// read returns the events of the newest document.
func read() ([]event, error) {
	dir := os.Getenv("PERSONA_OPENAPI")
	if dir == "" {
		dir = "../../../shared/spec"
	}
	versions, err := filepath.Glob(filepath.Join(dir, "20*"))
	if err != nil || len(versions) == 0 {
		return nil, errors.New("no OpenAPI documents in " + dir)
	}
	b, err := os.ReadFile(filepath.Join(slices.Max(versions), "openapi-bundled.json"))
	if err != nil {
		return nil, err
	}
	var doc struct {
		Webhooks   map[string]json.RawMessage
		Components struct {
			Schemas struct {
				Request struct {
					Properties struct {
						Events struct {
							Items struct{ Enum []string }
						} `json:"enabled-events"`
					}
				} `json:"webhook-request-attributes"`
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	var events []event
	for _, name := range doc.Components.Schemas.Request.Properties.Events.Items.Enum {
		if name != "*" {
			events = append(events, event{name: name})
		}
	}
	slices.SortFunc(events, func(a, b event) int { return strings.Compare(a.name, b.name) })
	return events, nil
}
