package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	connectTime    = time.Second         // until the other organization accepts, and until a token is redeemed
	shareTokenLife = 14 * 24 * time.Hour // OpenAPI 2025-12-08
	minShareToken  = time.Minute
	maxShareToken  = 21 * 24 * time.Hour

	fieldMappings = "_field-mappings" // of a share token: which field of the source becomes which of the destination
)

func connectOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Connections.Get":        engine.Get("connect/connection"),
		"Connections.List":       list("connect/connection", "status", "destination-organization-id"),
		"Connections.Create":     createConnection,
		"Connections.Deactivate": update("connect/connection", deactivate),
		"Connections.Reactivate": update("connect/connection", reactivate),
		"ShareTokens.Get": func(c *engine.Call) (*engine.Answer, error) {
			a, err := c.AnswerFound("connect/share-token")
			if err == nil && engine.First(c.Query["peek-source-data"]) == "true" {
				a.Extra = map[string]any{"source-data": sourceData(c, a.One)}
			}
			return a, err
		},
		"ShareTokens.List":   list("connect/share-token", "status", "connection-id", "direction"),
		"ShareTokens.Create": createShareToken,
		"ShareTokens.Expire": edit("connect/share-token", func(c *engine.Call, r *storage.Resource) error {
			if r.Text("status") != "created" {
				return engine.Conflict("the share token is " + r.Text("status"))
			}
			r.Attributes["status"] = "expired"
			c.Stamp(r, "expires-at", "updated-at")
			return nil
		}),
		"ShareTokens.Redeem": redeemShareToken,
	}
}

func createConnection(c *engine.Call) (*engine.Answer, error) {
	destination := c.Text("data.attributes.destination-organization-id")
	for r := range c.All("connect") {
		if r.Typ == "connect/connection" && r.Text("destination-organization-id") == destination {
			return nil, engine.Conflict("there is a connection with this organization")
		}
	}
	r := c.Create("connect/connection", "cxn", map[string]any{
		"status": "pending", "source-organization-id": c.Engine.OrganizationID(), "destination-organization-id": destination, "updated-at": simclock.Stamp(c.Now),
	}, map[string]any{"creator": c.Key.Identifier()})
	c.Schedule(c.Now.Add(connectTime), r.ID)
	return &engine.Answer{Status: 201, One: r}, nil
}

func deactivate(_ *engine.Call, r *storage.Resource) error {
	if r.Text("status") == "inactive" {
		return engine.Conflict("the connection is inactive")
	}
	r.Attributes["status"] = "inactive"
	return nil
}

func reactivate(c *engine.Call, r *storage.Resource) error {
	if r.Text("status") != "inactive" {
		return engine.Conflict("the connection is " + r.Text("status"))
	}
	r.Attributes["status"] = "pending"
	c.Schedule(c.Now.Add(connectTime), r.ID)
	return nil
}

func createShareToken(c *engine.Call) (*engine.Answer, error) {
	connection, err := c.Referenced("data.attributes.connection-id", "connect/connection")
	if err != nil {
		return nil, err
	}
	if connection.Text("status") != "active" {
		return nil, engine.Conflict("the connection is " + connection.Text("status"))
	}
	source := c.Get(c.Text("data.attributes.source-id"))
	if source == nil || !slices.Contains([]string{"account", "inquiry", "transaction", "verification"}, source.Family()) {
		return nil, engine.NotFound("data.attributes.source_id is not found")
	}
	life := shareTokenLife
	if _, given := c.Number("data.attributes.expires-in-seconds"); given {
		if life = seconds(c, "data.attributes.expires-in-seconds"); life < minShareToken || life > maxShareToken {
			return nil, engine.BadRequest("data.attributes.expires_in_seconds must be between 60 and 1814400")
		}
	}
	r := c.Create("connect/share-token", "cnst", map[string]any{
		"status": "created", "direction": "outbound", "updated-at": simclock.Stamp(c.Now), "expires-at": simclock.Stamp(c.Now.Add(life)),
	}, map[string]any{"connection": connection.Identifier(), "creator": c.Key.Identifier(), "source": connectIdentifier(source)})
	c.Schedule(c.Now.Add(life), r.ID)
	emitShareToken(c.Change, "created", r)
	return &engine.Answer{Status: 201, One: r}, nil
}

// emitShareToken emits the events of both sides of a share token, because this environment
// is both.
func emitShareToken(c *engine.Change, what string, token *storage.Resource) {
	c.Emit("connect/share-token.outbound-"+what, token, nil)
	inbound := token.Clone()
	inbound.Attributes["direction"] = "inbound"
	c.Emit("connect/share-token.inbound-"+what, inbound, nil)
}

// connectIdentifier identifies a resource as Connect does, which calls a transaction txn.
func connectIdentifier(r *storage.Resource) storage.Identifier {
	if r.Typ == "transaction" {
		return storage.Identifier{Type: "txn", ID: r.ID}
	}
	return r.Identifier()
}

// sourceData returns what a share token shows of its source before it is redeemed.
func sourceData(c *engine.Call, token *storage.Resource) map[string]any {
	source := c.Get(token.One("source"))
	peekable := map[string]any{}
	if fields, ok := source.Attributes["fields"].(map[string]any); ok {
		present := map[string]any{}
		for name := range fields {
			present[name] = map[string]any{"visibility": "presence", "value": schema.HasValues(map[string]any{name: fields[name]})}
		}
		peekable["fields"] = present
	}
	data := map[string]any{"type": "connect/source-data/" + connectIdentifier(source).Type, "id": source.ID, "peekable-attributes": peekable}
	if source.Typ == "inquiry" {
		data["related-objects"] = []any{}
	}
	return data
}

// redeemShareToken starts to copy a token's source, as a new resource or into an existing
// one. This environment is both sides of every connection.
func redeemShareToken(c *engine.Call) (*engine.Answer, error) {
	token, err := c.Find("connect/share-token")
	if err != nil {
		return nil, err
	}
	if token.Text("status") != "created" {
		return nil, engine.Conflict("the share token is " + token.Text("status"))
	}
	source := c.Get(token.One("source"))
	mode := "clone"
	if id := c.Text("data.attributes.destination-id"); id != "" {
		mode = "hydrate"
		destination := c.Get(id)
		if destination == nil {
			return nil, engine.NotFound("data.attributes.destination_id is not found")
		}
		if destination.Typ != source.Typ || source.Family() == "verification" {
			return nil, engine.Unprocessable("the source cannot be put into this destination", "/data/attributes/destination-id")
		}
		token.Relationships["destination"] = connectIdentifier(destination)
	} else if source.Family() != "inquiry" && source.Family() != "verification" {
		return nil, engine.Unprocessable("a source of this type takes a destination", "/data/attributes/destination-id")
	}
	mappings, _ := c.Value("meta.field-mappings")
	token.Attributes[fieldMappings] = mappings
	token.Attributes["status"], token.Attributes["redeem-mode"] = "pending", mode
	c.Stamp(token, "pending-at", "updated-at")
	c.Schedule(c.Now.Add(connectTime), token.ID)
	return &engine.Answer{Status: 202, One: token}, nil
}

// connectDue activates a connection, which the other organization accepts, and redeems or
// expires a share token.
func connectDue(c *engine.Change, r *storage.Resource) {
	switch {
	case r.Typ == "connect/connection":
		if r.Text("status") == "pending" && !c.Now.Before(r.Time("updated-at").Add(connectTime)) {
			r.Attributes["status"], r.Attributes["updated-at"] = "active", simclock.Stamp(c.Now)
		}
	case r.Text("status") == "pending":
		redeem(c, r)
	case r.Text("status") == "created" && !c.Now.Before(r.Time("expires-at")):
		r.Attributes["status"], r.Attributes["updated-at"] = "expired", simclock.Stamp(c.Now)
	}
}

// redeem copies the source of a share token.
func redeem(c *engine.Change, token *storage.Resource) {
	c.Stamp(token, "updated-at")
	source := c.Get(token.One("source"))
	if source.Attributes["redacted-at"] != nil || source.Attributes[RedactedOnce] != nil {
		token.Attributes["status"], token.Attributes["failed-at"], token.Attributes["failure-reason"] = "failed", simclock.Stamp(c.Now), "source_redacted"
		return
	}
	token.Attributes["status"], token.Attributes["redeemed-at"] = "redeemed", simclock.Stamp(c.Now)
	if destination := c.Edit(token.One("destination")); destination != nil {
		mappings, _ := token.Attributes[fieldMappings].([]any)
		hydrate(source, destination, declaredFor(c, destination), mappings)
		c.Stamp(destination, "updated-at")
		if destination.Typ != "inquiry" { // inquiries have no such event
			c.Emit(destination.Typ+".updated-fields", destination, nil)
		}
		emitShareToken(c, "redeemed", token)
		return
	}
	prefix, _, _ := strings.Cut(source.ID, "_")
	attributes := maps.Clone(source.Attributes)
	delete(attributes, "created-at")
	copied := c.Create(source.Typ, prefix, attributes, nil)
	for _, name := range []string{"inquiry-template", "inquiry-template-version"} {
		copied.Relationships[name] = source.Relationships[name]
	}
	token.Relationships["destination"] = connectIdentifier(copied)
	if copied.Typ == "inquiry" {
		c.Emit("inquiry.created", copied, nil)
	}
	emitShareToken(c, "redeemed", token)
}

// declaredFor returns the fields that a destination can have.
func declaredFor(c *engine.Change, destination *storage.Resource) schema.Fields {
	if destination.Typ == "inquiry" {
		return schema.OfInquiry(c, destination)
	}
	return schema.Of(c.Get(destination.One(destination.Typ + "-type")))
}

// hydrate copies the fields of a source that have a value into a destination, with the
// names that the mappings give them, as far as the destination has such fields.
func hydrate(source, destination *storage.Resource, declared schema.Fields, mappings []any) {
	from, _ := source.Attributes["fields"].(map[string]any)
	into, _ := destination.Attributes["fields"].(map[string]any)
	into = maps.Clone(into)
	for name, value := range from {
		if !schema.HasValues(map[string]any{name: value}) {
			continue
		}
		for _, item := range mappings {
			if mapping, _ := item.(map[string]any); mapping["source-field-name"] == name {
				name = engine.TextOf(mapping["destination-field-name"])
				break
			}
		}
		if field, _ := value.(map[string]any); declared.Takes(name, field) {
			into[name] = value
		}
	}
	destination.Attributes["fields"] = into
}
