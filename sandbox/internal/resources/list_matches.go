package resources

import (
	"cmp"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// countMatches counts on the items of active lists that an inquiry holds what they
// say: in its fields, or by the device or the address that one of its sessions was opened
// with or from.
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
				if item := c.Get(c.Env.Listed[kind.same(list, values)]); item != nil && item.Text("status") == "active" {
					matched[item.ID] = true
				}
			}
		}
		for id := range matched {
			item := c.Edit(id)
			count, _ := item.Attributes["match-count"].(int)
			item.Attributes["match-count"], item.Attributes["updated-at"] = count+1, simclock.Stamp(c.Now)
		}
	}
}

// matchable are the values of an inquiry that items of a kind are compared with, as
// attributes of such items.
func matchable(c *engine.Change, kind string, inquiry *storage.Resource) []map[string]any {
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	value := func(name string) string { // fields that the template lacks are named as they were written
		return cmp.Or(engine.TextOf(engine.BareValue(fields, name)), engine.TextOf(engine.BareValue(fields, engine.SnakePath(name))))
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
