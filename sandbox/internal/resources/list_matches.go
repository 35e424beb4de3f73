package resources

import (
	"cmp"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// countMatches increments the match count of the items of active lists that match an
// inquiry's fields, or the device or the address of one of its sessions.
func countMatches(c *engine.Change, inquiry *storage.Resource) {
	for list := range c.All("list") {
		if list.Text("status") != "active" {
			continue
		}
		matched := map[string]bool{}
		for _, kind := range listKinds() {
			if kind.list != list.Typ {
				continue
			}
			for _, values := range matchable(c, kind.name, inquiry) {
				if item := activeItem(c, kind.nameOf(list, values)); item != nil {
					matched[item.ID] = true
				}
			}
		}
		for id := range matched {
			item := c.Edit(id)
			count, _ := item.Attributes["match-count"].(int)
			item.Attributes["match-count"] = count + 1
			c.Stamp(item, "updated-at")
		}
	}
}

// matchable returns the values of an inquiry that are compared with items of a kind, as
// attributes of such items.
func matchable(c *engine.Change, kind string, inquiry *storage.Resource) []map[string]any {
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	value := func(name string) string { // fields that the template does not know keep the names of the request
		return cmp.Or(engine.TextOf(engine.FieldAt(fields, name)), engine.TextOf(engine.FieldAt(fields, engine.SnakePath(name))))
	}
	var found []map[string]any
	add := func(attribute string, values ...string) {
		for _, v := range values {
			found = append(found, map[string]any{attribute: v})
		}
	}
	switch kind {
	case "browser-fingerprint":
		for _, id := range inquiry.Many("sessions") {
			if device := c.Get(c.Get(id.ID).One("device")); device != nil {
				add("value", device.Text("browser-fingerprint"))
			}
		}
	case "country":
		add("country-code", value("address-country-code"), value("selected-country-code"))
	case "email-address":
		address := value("email-address")
		_, domain, _ := strings.Cut(address, "@")
		found = append(found, map[string]any{"value": address, "match-type": "email_address"}, map[string]any{"value": domain, "match-type": "domain"})
	case "government-id-number":
		found = append(found, map[string]any{"id-number": value("identification-number"), "id-class": value("identification-class")})
	case "ip-address":
		for _, id := range inquiry.Many("sessions") {
			add("value", c.Get(id.ID).Text("ip-address"))
		}
	case "name":
		found = append(found, map[string]any{"name-first": value("name-first"), "name-last": value("name-last")})
	case "phone-number":
		add("value", value("phone-number"))
	case "string":
		for name := range fields {
			add("value", value(name))
		}
	}
	return found
}
