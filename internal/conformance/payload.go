package conformance

// checkPayload checks the resource in an event from the API against the schema of its type,
// since the event's schema leaves its attributes open.
func (c *completeness) checkPayload(where string, value node) {
	component := c.doc.components[text(value, "type")]
	if component == "" {
		return
	}
	for _, part := range []string{"attributes", "relationships"} {
		pointer := join("/components/schemas", component, "properties", part)
		schema, _ := c.doc.at(pointer).(node)
		if schema == nil {
			continue
		}
		inner := *c
		inner.resource, inner.within = text(value, "type"), "/"+part
		c.doc.check(c.rep, pointer, value[part], join(where, part))
		inner.value(join(where, part), schema, value[part])
	}
}
