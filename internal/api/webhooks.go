package api

import (
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
)

// describeWebhooks adds the messages that endpoints receive to the OpenAPI document, with a
// schema for each type.
func describeWebhooks(document *huma.OpenAPI) {
	whole := document.Components.Schemas.SchemaFromRef(document.Components.Schemas.Schema(reflect.TypeFor[notify.Notification](), true, "Notification").Ref)
	document.Webhooks = map[string]*huma.PathItem{}
	for _, typ := range append(notify.Types(), notify.Type{
		Name: domain.NotifyTest, Description: "A test message.", Required: []string{"source"},
	}) {
		document.Webhooks[typ.Name] = &huma.PathItem{Post: &huma.Operation{
			OperationID: typ.Name,
			Summary:     typ.Description,
			Security:    []map[string][]string{}, // receivers check the signature
			Parameters: []*huma.Param{
				header("webhook-id", "the id of the notification: the same in every attempt"),
				header("webhook-timestamp", "when the attempt was made, in Unix seconds"),
				header("webhook-signature", "signatures with all valid secrets, separated by spaces: see www.standardwebhooks.com"),
			},
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: messageSchema(typ, whole)}}},
			Responses: map[string]*huma.Response{
				"2XX":     {Description: "The notification is accepted."},
				"410":     {Description: "The endpoint wants no more notifications. It is disabled."},
				"default": {Description: "The notification is sent again later. Retry-After says how long to wait at least."},
			},
		}}
	}
}

func header(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Required: true, Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}

// messageSchema returns the schema of the body of one type.
func messageSchema(typ notify.Type, whole *huma.Schema) *huma.Schema {
	name := &huma.Schema{Type: huma.TypeString, Enum: []any{typ.Name}}
	data := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Required: slices.Concat(notify.Always(), typ.Required), Properties: map[string]*huma.Schema{}}
	for _, property := range slices.Concat(data.Required, typ.Optional) {
		data.Properties[property] = whole.Properties[property]
	}
	data.Properties["type"] = name
	body := &huma.Schema{
		Type: huma.TypeObject, Description: typ.Description, AdditionalProperties: true, Required: []string{"type", "timestamp", "data"},
		Properties: map[string]*huma.Schema{
			"type": name, "timestamp": {Type: huma.TypeString, Format: "date-time", Description: "when it happened"}, "data": data,
		},
	}
	for _, s := range slices.Concat([]*huma.Schema{body, data, name}, slices.Collect(maps.Values(body.Properties))) {
		s.PrecomputeMessages()
	}
	return body
}
