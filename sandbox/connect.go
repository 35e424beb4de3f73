package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	connectTime     = time.Second         // until the other organization accepts, and until a token is redeemed
	shareTokenLife  = 14 * 24 * time.Hour // OpenAPI 2025-12-08
	shareTokenLeast = time.Minute
	shareTokenMost  = 21 * 24 * time.Hour
)

func connectOperations() map[string]operation {
	return map[string]operation{
		"Connections.Get": func(c *call) (*answer, error) {
			r, err := c.findConnect("connect/connection")
			return &answer{one: r}, err
		},
		"Connections.List": func(c *call) (*answer, error) {
			return c.list("connect", func(r *resource) bool {
				return r.typ == "connect/connection" && oneOf(c.filter("status"), r.text("status")) &&
					oneOf(c.filter("destination-organization-id"), r.text("destination-organization-id"))
			})
		},
		"Connections.Create": createConnection,
		"Connections.Deactivate": editConnection(func(c *call, r *resource) error {
			if r.text("status") == "inactive" {
				return conflict("the connection is inactive")
			}
			r.attributes["status"] = "inactive"
			return nil
		}),
		"Connections.Reactivate": editConnection(func(c *call, r *resource) error {
			if r.text("status") != "inactive" {
				return conflict("the connection is " + r.text("status"))
			}
			r.attributes["status"] = "pending"
			c.remind(c.now.Add(connectTime), r.id)
			return nil
		}),
		"ShareTokens.Get": func(c *call) (*answer, error) {
			r, err := c.findConnect("connect/share-token")
			if err != nil {
				return nil, err
			}
			a := &answer{one: r}
			if first(c.query["peek-source-data"]) == "true" {
				a.extra = map[string]any{"source-data": c.sourceData(r)}
			}
			return a, nil
		},
		"ShareTokens.List": func(c *call) (*answer, error) {
			return c.list("connect", func(r *resource) bool {
				return r.typ == "connect/share-token" && oneOf(c.filter("status"), r.text("status")) &&
					oneOf(c.filter("connection-id"), r.one("connection")) && oneOf(c.filter("direction"), r.text("direction"))
			})
		},
		"ShareTokens.Create": createShareToken,
		"ShareTokens.Expire": func(c *call) (*answer, error) {
			r, err := c.findConnect("connect/share-token")
			if err != nil {
				return nil, err
			}
			if r.text("status") != "created" {
				return nil, conflict("the share token is " + r.text("status"))
			}
			r.attributes["status"], r.attributes["expires-at"], r.attributes["updated-at"] = "expired", stamp(c.now), stamp(c.now)
			return &answer{one: r}, nil
		},
		"ShareTokens.Redeem": redeemShareToken,
	}
}

// findConnect returns the connection or the share token that the path names, to
// change it, or a 404.
func (c *call) findConnect(typ string) (*resource, error) {
	r, err := c.find("connect")
	if err == nil && r.typ != typ {
		return nil, notFound("")
	}
	return r, err
}

func createConnection(c *call) (*answer, error) {
	destination := c.text("data.attributes.destination-organization-id")
	for r := range c.all("connect") {
		if r.typ == "connect/connection" && r.text("destination-organization-id") == destination {
			return nil, conflict("there is a connection with this organization")
		}
	}
	r := c.create("connect/connection", "cxn", map[string]any{
		"status": "pending", "source-organization-id": c.sandbox.orgID, "destination-organization-id": destination, "updated-at": stamp(c.now),
	}, map[string]any{"creator": c.key.identifier()})
	c.remind(c.now.Add(connectTime), r.id)
	return &answer{status: 201, one: r}, nil
}

// editConnection is an operation that changes the connection its path names.
func editConnection(edit func(*call, *resource) error) operation {
	return func(c *call) (*answer, error) {
		r, err := c.findConnect("connect/connection")
		if err != nil {
			return nil, err
		}
		r.attributes["updated-at"] = stamp(c.now)
		return &answer{one: r}, edit(c, r)
	}
}

func createShareToken(c *call) (*answer, error) {
	connection := c.get(c.text("data.attributes.connection-id"))
	if connection == nil || connection.typ != "connect/connection" {
		return nil, notFound("data.attributes.connection_id is not found")
	}
	if connection.text("status") != "active" {
		return nil, conflict("the connection is " + connection.text("status"))
	}
	source := c.get(c.text("data.attributes.source-id"))
	if source == nil || !slices.Contains([]string{"account", "inquiry", "transaction", "verification"}, source.family()) {
		return nil, notFound("data.attributes.source_id is not found")
	}
	life := shareTokenLife
	if _, given := c.number("data.attributes.expires-in-seconds"); given {
		if life = c.seconds("data.attributes.expires-in-seconds"); life < shareTokenLeast || life > shareTokenMost {
			return nil, badRequest("data.attributes.expires_in_seconds must be between 60 and 1814400")
		}
	}
	r := c.create("connect/share-token", "cnst", map[string]any{
		"status": "created", "direction": "outbound", "updated-at": stamp(c.now), "expires-at": stamp(c.now.Add(life)),
	}, map[string]any{"connection": connection.identifier(), "creator": c.key.identifier(), "source": connectIdentifier(source)})
	c.remind(c.now.Add(life), r.id)
	c.emitShareToken("created", r)
	return &answer{status: 201, one: r}, nil
}

// emitShareToken emits the events of a share token of both sides, which this
// environment is.
func (c *change) emitShareToken(what string, token *resource) {
	c.emit("connect/share-token.outbound-"+what, token, nil)
	inbound := token.clone()
	inbound.attributes["direction"] = "inbound"
	c.emit("connect/share-token.inbound-"+what, inbound, nil)
}

// connectIdentifier names a resource as Connect does: it has a word of its own for
// transactions.
func connectIdentifier(r *resource) identifier {
	if r.typ == "transaction" {
		return identifier{"txn", r.id}
	}
	return r.identifier()
}

// sourceData is what may be seen of a share token's source before it is redeemed.
func (c *call) sourceData(token *resource) map[string]any {
	source := c.get(token.one("source"))
	peekable := map[string]any{}
	if fields, ok := source.attributes["fields"].(map[string]any); ok {
		there := map[string]any{}
		for name := range fields {
			there[name] = map[string]any{"visibility": "presence", "value": bareValue(fields, name) != nil}
		}
		peekable["fields"] = there
	}
	data := map[string]any{"type": "connect/source-data/" + connectIdentifier(source).Type, "id": source.id, "peekable-attributes": peekable}
	if source.typ == "inquiry" {
		data["related-objects"] = []any{}
	}
	return data
}

// redeemShareToken starts to copy a token's source: as a new resource, or into one
// there is. This environment is both sides of every connection.
func redeemShareToken(c *call) (*answer, error) {
	token, err := c.findConnect("connect/share-token")
	if err != nil {
		return nil, err
	}
	if token.text("status") != "created" {
		return nil, conflict("the share token is " + token.text("status"))
	}
	source := c.get(token.one("source"))
	mode := "clone"
	if id := c.text("data.attributes.destination-id"); id != "" {
		mode = "hydrate"
		destination := c.get(id)
		if destination == nil {
			return nil, notFound("data.attributes.destination_id is not found")
		}
		if destination.typ != source.typ || source.family() == "verification" {
			return nil, unprocessable("the source cannot be put into this destination", "/data/attributes/destination-id")
		}
		token.relationships["destination"] = connectIdentifier(destination)
	} else if source.family() != "inquiry" && source.family() != "verification" {
		return nil, unprocessable("a source of this type takes a destination", "/data/attributes/destination-id")
	}
	mappings, _ := at(c.body, "meta.field-mappings")
	token.attributes[fieldMappings] = mappings
	token.attributes["status"], token.attributes["redeem-mode"] = "pending", mode
	token.attributes["pending-at"], token.attributes["updated-at"] = stamp(c.now), stamp(c.now)
	c.remind(c.now.Add(connectTime), token.id)
	return &answer{status: 202, one: token}, nil
}

// fieldMappings is the attribute of a share token that holds which field of the
// source becomes which of the destination.
const fieldMappings = "_field-mappings"

// connectDue does what is due for a connection or a share token: the other
// organization accepts, a token is redeemed, or expires.
func (c *change) connectDue(r *resource) {
	switch {
	case r.typ == "connect/connection":
		if r.text("status") == "pending" && !c.now.Before(r.time("updated-at").Add(connectTime)) {
			r.attributes["status"], r.attributes["updated-at"] = "active", stamp(c.now)
		}
	case r.text("status") == "pending":
		c.redeem(r)
	case r.text("status") == "created" && !c.now.Before(r.time("expires-at")):
		r.attributes["status"], r.attributes["updated-at"] = "expired", stamp(c.now)
	}
}

func (c *change) redeem(token *resource) {
	token.attributes["updated-at"] = stamp(c.now)
	source := c.get(token.one("source"))
	if source.attributes["redacted-at"] != nil || source.attributes[redactedOnce] != nil {
		token.attributes["status"], token.attributes["failed-at"], token.attributes["failure-reason"] = "failed", stamp(c.now), "source_redacted"
		return
	}
	token.attributes["status"], token.attributes["redeemed-at"] = "redeemed", stamp(c.now)
	if destination := c.edit(token.one("destination")); destination != nil {
		mappings, _ := token.attributes[fieldMappings].([]any)
		hydrate(source, destination, mappings)
		destination.attributes["updated-at"] = stamp(c.now)
		if destination.typ != "inquiry" { // there is no such event of inquiries
			c.emit(destination.typ+".updated-fields", destination, nil)
		}
		c.emitShareToken("redeemed", token)
		return
	}
	prefix, _, _ := strings.Cut(source.id, "_")
	attributes := maps.Clone(source.attributes)
	delete(attributes, "created-at")
	copied := c.create(source.typ, prefix, attributes, nil)
	for _, name := range []string{"inquiry-template", "inquiry-template-version"} {
		copied.relationships[name] = source.relationships[name]
	}
	token.relationships["destination"] = connectIdentifier(copied)
	if copied.typ == "inquiry" {
		c.emit("inquiry.created", copied, nil)
	}
	c.emitShareToken("redeemed", token)
}

// hydrate copies the fields of a source that have a value into a destination, under
// the names that the mappings give them.
func hydrate(source, destination *resource, mappings []any) {
	from, _ := source.attributes["fields"].(map[string]any)
	into, _ := destination.attributes["fields"].(map[string]any)
	into = maps.Clone(into)
	for name, value := range from {
		if entry, _ := value.(map[string]any); entry["value"] == nil {
			continue
		}
		for _, item := range mappings {
			if mapping, _ := item.(map[string]any); mapping["source-field-name"] == name {
				name = textOf(mapping["destination-field-name"])
				break
			}
		}
		into[name] = value
	}
	destination.attributes["fields"] = into
}
