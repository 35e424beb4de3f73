package sandbox

import (
	"maps"
	"slices"
)

// relationPrefix marks the attributes of an account or a transaction that hold its
// relations by key.
const relationPrefix = "_relation-"

func relationOperations() map[string]operation {
	return map[string]operation{
		"Accounts.AddRelation":    editRelation("account", addRelation, "account.added-relation"),
		"Accounts.RemoveRelation": editRelation("account", removeRelation, "account.removed-relation"),
		"Accounts.ListRelations":  listRelations,
	}
}

// relatedBy returns the ids that an account or a transaction is related to by a key.
func relatedBy(r *resource, key string) []string {
	ids, _ := r.attributes[relationPrefix+key].([]string)
	return ids
}

// editRelation changes a relation on both sides. What is so already stays so, and
// makes no event.
func editRelation(family string, edit func(from, target *resource, key string) (changed bool, err error), event string) operation {
	return func(c *call) (*answer, error) {
		from, err := c.find(family)
		if err != nil {
			return nil, err
		}
		key, targetID := c.text("meta.relation-schema-key"), c.text("meta.target-object-id")
		side, known := relations(family)[key]
		if !known {
			return nil, unprocessable("the "+family+" type has no such relation", "/meta/relation-schema-key")
		}
		target := c.edit(targetID)
		switch {
		case target == nil || relations(target.family()) == nil:
			return nil, notFound("meta.target_object_id is not found")
		case target.family() != side.to:
			return nil, unprocessable("the relation leads to another type of object", "/meta/target-object-id")
		case target.id == from.id:
			return nil, unprocessable("an object cannot be related to itself", "/meta/target-object-id")
		}
		changed, err := edit(from, target, key)
		if err == nil && changed {
			from.attributes["updated-at"] = stamp(c.now)
			c.showRelated(from)
			c.showRelated(target)
			context := map[string]any{"relation-schema-key": key, "target-account-id": nil, "target-txn-id": nil}
			context[map[string]string{"account": "target-account-id", "transaction": "target-txn-id"}[side.to]] = target.id
			c.emit(event, from, context)
		}
		return &answer{one: from}, err
	}
}

func addRelation(from, target *resource, key string) (bool, error) {
	if slices.Contains(relatedBy(from, key), target.id) {
		return false, nil
	}
	side := relations(from.family())[key]
	if !side.many && len(relatedBy(from, key)) > 0 || !relations(side.to)[side.inverse].many && len(relatedBy(target, side.inverse)) > 0 {
		return false, conflict("the relation takes one " + side.to + ", and has one")
	}
	from.attributes[relationPrefix+key] = append(slices.Clone(relatedBy(from, key)), target.id)
	target.attributes[relationPrefix+side.inverse] = append(slices.Clone(relatedBy(target, side.inverse)), from.id)
	return true, nil
}

func removeRelation(from, target *resource, key string) (bool, error) {
	if !slices.Contains(relatedBy(from, key), target.id) {
		return false, nil
	}
	drop := func(of *resource, key, id string) {
		of.attributes[relationPrefix+key] = slices.DeleteFunc(slices.Clone(relatedBy(of, key)), func(other string) bool { return other == id })
	}
	drop(from, key, target.id)
	drop(target, relations(from.family())[key].inverse, from.id)
	return true, nil
}

// moveRelations gives an account's relations to another, as far as those can be: not
// to itself, and not where it has the one that the relation takes.
func (c *change) moveRelations(from, to *resource) {
	sides := relations("account")
	for _, key := range slices.Sorted(maps.Keys(sides)) {
		for _, id := range slices.Clone(relatedBy(from, key)) {
			target := c.edit(id)
			_, _ = removeRelation(from, target, key) // always can be
			if target.id != to.id {
				_, _ = addRelation(to, target, key) // refused where one is taken: the destination's stays
			}
			c.showRelated(target)
		}
	}
}

// listRelations answers with what an account is related to by a key, the latest first.
func listRelations(c *call) (*answer, error) {
	account := c.get(c.ids[0])
	if account == nil || account.family() != "account" {
		return nil, notFound("")
	}
	key := c.filter("key")
	if key == "" {
		return nil, badRequest("filter.key is missing")
	}
	if _, known := relations("account")[key]; !known {
		return nil, unprocessable("the account type has no such relation", "")
	}
	start, end := moment(c.filter("created-at-start")), moment(c.filter("created-at-end"))
	var related []*resource
	for _, id := range slices.Backward(relatedBy(account, key)) {
		r := c.get(id)
		created := r.time("created-at")
		if (start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end)) {
			related = append(related, r)
		}
	}
	return c.page(listed(related))
}
