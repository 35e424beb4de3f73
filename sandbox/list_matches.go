package sandbox

import (
	"cmp"
	"strings"
)

// countMatches counts on the items of active lists that an inquiry holds what they
// say: in its fields, or by the device or the address that one of its sessions was opened
// with or from.
func (c *change) countMatches(inquiry *resource) {
	for list := range c.all("list") {
		if list.text("status") != "active" {
			continue
		}
		matched := map[string]bool{}
		for _, kind := range listKinds() {
			if kind.list != list.typ {
				continue
			}
			for _, values := range c.matchable(kind.name, inquiry) {
				if item := c.get(c.env.listed[kind.same(list, values)]); item != nil && item.text("status") == "active" {
					matched[item.id] = true
				}
			}
		}
		for id := range matched {
			item := c.edit(id)
			count, _ := item.attributes["match-count"].(int)
			item.attributes["match-count"], item.attributes["updated-at"] = count+1, stamp(c.now)
		}
	}
}

// matchable are the values of an inquiry that items of a kind are compared with, as
// attributes of such items.
func (c *change) matchable(kind string, inquiry *resource) []map[string]any {
	fields, _ := inquiry.attributes["fields"].(map[string]any)
	value := func(name string) string { // fields that the template lacks are named as they were written
		return cmp.Or(textOf(bareValue(fields, name)), textOf(bareValue(fields, snakePath(name))))
	}
	var found []map[string]any
	add := func(attribute string, values ...string) {
		for _, v := range values {
			found = append(found, map[string]any{attribute: v})
		}
	}
	switch kind {
	case "browser-fingerprint":
		for _, id := range inquiry.many("sessions") {
			if device := c.get(c.get(id.ID).one("device")); device != nil {
				add("value", device.text("browser-fingerprint"))
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
		for _, id := range inquiry.many("sessions") {
			add("value", c.get(id.ID).text("ip-address"))
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
