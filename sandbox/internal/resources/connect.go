package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	connectTime     = time.Second         // until the other organization accepts, and until a token is redeemed
	shareTokenLife  = 14 * 24 * time.Hour // OpenAPI 2025-12-08
	shareTokenLeast = time.Minute
	shareTokenMost  = 21 * 24 * time.Hour
)

func connectOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Connections.Get": func(c *engine.Call) (*engine.Answer, error) {
			r, err := findConnect(c, "connect/connection")
			return &engine.Answer{One: r}, err
		},
		"Connections.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("connect", func(r *storage.Resource) bool {
				return r.Typ == "connect/connection" && engine.OneOf(c.Filter("status"), r.Text("status")) &&
					engine.OneOf(c.Filter("destination-organization-id"), r.Text("destination-organization-id"))
			})
		},
		"Connections.Create": createConnection,
		"Connections.Deactivate": editConnection(func(c *engine.Call, r *storage.Resource) error {
			if r.Text("status") == "inactive" {
				return engine.Conflict("the connection is inactive")
			}
			r.Attributes["status"] = "inactive"
			return nil
		}),
		"Connections.Reactivate": editConnection(func(c *engine.Call, r *storage.Resource) error {
			if r.Text("status") != "inactive" {
				return engine.Conflict("the connection is " + r.Text("status"))
			}
			r.Attributes["status"] = "pending"
			c.Schedule(c.Now.Add(connectTime), r.ID)
			return nil
		}),
		"ShareTokens.Get": func(c *engine.Call) (*engine.Answer, error) {
			r, err := findConnect(c, "connect/share-token")
			if err != nil {
				return nil, err
			}
			a := &engine.Answer{One: r}
			if engine.First(c.Query["peek-source-data"]) == "true" {
				a.Extra = map[string]any{"source-data": sourceData(c, r)}
			}
			return a, nil
		},
		"ShareTokens.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("connect", func(r *storage.Resource) bool {
				return r.Typ == "connect/share-token" && engine.OneOf(c.Filter("status"), r.Text("status")) &&
					engine.OneOf(c.Filter("connection-id"), r.One("connection")) && engine.OneOf(c.Filter("direction"), r.Text("direction"))
			})
		},
		"ShareTokens.Create": createShareToken,
		"ShareTokens.Expire": func(c *engine.Call) (*engine.Answer, error) {
			r, err := findConnect(c, "connect/share-token")
			if err != nil {
				return nil, err
			}
			if r.Text("status") != "created" {
				return nil, engine.Conflict("the share token is " + r.Text("status"))
			}
			r.Attributes["status"], r.Attributes["expires-at"], r.Attributes["updated-at"] = "expired", simclock.Stamp(c.Now), simclock.Stamp(c.Now)
			return &engine.Answer{One: r}, nil
		},
		"ShareTokens.Redeem": redeemShareToken,
	}
}

// findConnect returns the connection or the share token that the path names, to
// change it, or a 404.
func findConnect(c *engine.Call, typ string) (*storage.Resource, error) {
	r, err := c.Find("connect")
	if err == nil && r.Typ != typ {
		return nil, engine.NotFound("")
	}
	return r, err
}

func createConnection(c *engine.Call) (*engine.Answer, error) {
	destination := c.Text("data.attributes.destination-organization-id")
	for r := range c.All("connect") {
		if r.Typ == "connect/connection" && r.Text("destination-organization-id") == destination {
			return nil, engine.Conflict("there is a connection with this organization")
		}
	}
	r := c.Create("connect/connection", "cxn", map[string]any{
		"status": "pending", "source-organization-id": c.Engine.OrgID, "destination-organization-id": destination, "updated-at": simclock.Stamp(c.Now),
	}, map[string]any{"creator": c.Key.Identifier()})
	c.Schedule(c.Now.Add(connectTime), r.ID)
	return &engine.Answer{Status: 201, One: r}, nil
}

// editConnection is an operation that changes the connection its path names.
func editConnection(edit func(*engine.Call, *storage.Resource) error) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		r, err := findConnect(c, "connect/connection")
		if err != nil {
			return nil, err
		}
		r.Attributes["updated-at"] = simclock.Stamp(c.Now)
		return &engine.Answer{One: r}, edit(c, r)
	}
}

func createShareToken(c *engine.Call) (*engine.Answer, error) {
	connection := c.Get(c.Text("data.attributes.connection-id"))
	if connection == nil || connection.Typ != "connect/connection" {
		return nil, engine.NotFound("data.attributes.connection_id is not found")
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
		if life = seconds(c, "data.attributes.expires-in-seconds"); life < shareTokenLeast || life > shareTokenMost {
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

// emitShareToken emits the events of a share token of both sides, which this
// environment is.
func emitShareToken(c *engine.Change, what string, token *storage.Resource) {
	c.Emit("connect/share-token.outbound-"+what, token, nil)
	inbound := token.Clone()
	inbound.Attributes["direction"] = "inbound"
	c.Emit("connect/share-token.inbound-"+what, inbound, nil)
}

// connectIdentifier names a resource as Connect does: it has a word of its own for
// transactions.
func connectIdentifier(r *storage.Resource) storage.Identifier {
	if r.Typ == "transaction" {
		return storage.Identifier{Type: "txn", ID: r.ID}
	}
	return r.Identifier()
}

// sourceData is what may be seen of a share token's source before it is redeemed.
func sourceData(c *engine.Call, token *storage.Resource) map[string]any {
	source := c.Get(token.One("source"))
	peekable := map[string]any{}
	if fields, ok := source.Attributes["fields"].(map[string]any); ok {
		there := map[string]any{}
		for name := range fields {
			there[name] = map[string]any{"visibility": "presence", "value": engine.BareValue(fields, name) != nil}
		}
		peekable["fields"] = there
	}
	data := map[string]any{"type": "connect/source-data/" + connectIdentifier(source).Type, "id": source.ID, "peekable-attributes": peekable}
	if source.Typ == "inquiry" {
		data["related-objects"] = []any{}
	}
	return data
}

// redeemShareToken starts to copy a token's source: as a new resource, or into one
// there is. This environment is both sides of every connection.
func redeemShareToken(c *engine.Call) (*engine.Answer, error) {
	token, err := findConnect(c, "connect/share-token")
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
	mappings, _ := engine.At(c.Body, "meta.field-mappings")
	token.Attributes[fieldMappings] = mappings
	token.Attributes["status"], token.Attributes["redeem-mode"] = "pending", mode
	token.Attributes["pending-at"], token.Attributes["updated-at"] = simclock.Stamp(c.Now), simclock.Stamp(c.Now)
	c.Schedule(c.Now.Add(connectTime), token.ID)
	return &engine.Answer{Status: 202, One: token}, nil
}

// fieldMappings is the attribute of a share token that holds which field of the
// source becomes which of the destination.
const fieldMappings = "_field-mappings"

// connectDue does what is due for a connection or a share token: the other
// organization accepts, a token is redeemed, or expires.
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

func redeem(c *engine.Change, token *storage.Resource) {
	token.Attributes["updated-at"] = simclock.Stamp(c.Now)
	source := c.Get(token.One("source"))
	if source.Attributes["redacted-at"] != nil || source.Attributes[RedactedOnce] != nil {
		token.Attributes["status"], token.Attributes["failed-at"], token.Attributes["failure-reason"] = "failed", simclock.Stamp(c.Now), "source_redacted"
		return
	}
	token.Attributes["status"], token.Attributes["redeemed-at"] = "redeemed", simclock.Stamp(c.Now)
	if destination := c.Edit(token.One("destination")); destination != nil {
		mappings, _ := token.Attributes[fieldMappings].([]any)
		hydrate(source, destination, mappings)
		destination.Attributes["updated-at"] = simclock.Stamp(c.Now)
		if destination.Typ != "inquiry" { // there is no such event of inquiries
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

// hydrate copies the fields of a source that have a value into a destination, under
// the names that the mappings give them.
func hydrate(source, destination *storage.Resource, mappings []any) {
	from, _ := source.Attributes["fields"].(map[string]any)
	into, _ := destination.Attributes["fields"].(map[string]any)
	into = maps.Clone(into)
	for name, value := range from {
		if entry, _ := value.(map[string]any); entry["value"] == nil {
			continue
		}
		for _, item := range mappings {
			if mapping, _ := item.(map[string]any); mapping["source-field-name"] == name {
				name = engine.TextOf(mapping["destination-field-name"])
				break
			}
		}
		into[name] = value
	}
	destination.Attributes["fields"] = into
}
