package sandbox

import "slices"

// relationPrefix marks the attributes of an account that hold its relations by key.
const relationPrefix = "_relation-"

func relationOperations() map[string]operation {
	return map[string]operation{
		"Accounts.AddRelation":    editRelation(addRelation, "account.added-relation"),
		"Accounts.RemoveRelation": editRelation(removeRelation, "account.removed-relation"),
		"Accounts.ListRelations":  listRelations,
	}
}

// related returns the ids that an account is related to by a key.
func relatedBy(r *resource, key string) []string {
	ids, _ := r.attributes[relationPrefix+key].([]string)
	return ids
}

// editRelation changes a relation on both sides. What is so already stays so, and
// makes no event.
func editRelation(edit func(account, target *resource, key string) (changed bool, err error), event string) operation {
	return func(c *call) (*answer, error) {
		account, err := c.find("account")
		if err != nil {
			return nil, err
		}
		key, targetID := c.text("meta.relation-schema-key"), c.text("meta.target-object-id")
		if _, known := relations()[key]; !known {
			return nil, unprocessable("the account type has no such relation", "/meta/relation-schema-key")
		}
		target := c.edit(targetID)
		if target == nil || target.family() != "account" {
			return nil, notFound("meta.target_object_id is not found")
		}
		if target.id == account.id {
			return nil, unprocessable("an account cannot be related to itself", "/meta/target-object-id")
		}
		changed, err := edit(account, target, key)
		if err == nil && changed {
			account.attributes["updated-at"] = stamp(c.now)
			c.emit(event, account, map[string]any{"relation-schema-key": key, "target-account-id": target.id, "target-txn-id": nil})
		}
		return &answer{one: account}, err
	}
}

func addRelation(account, target *resource, key string) (bool, error) {
	if slices.Contains(relatedBy(account, key), target.id) {
		return false, nil
	}
	side := relations()[key]
	if !side.many && len(relatedBy(account, key)) > 0 || !relations()[side.inverse].many && len(relatedBy(target, side.inverse)) > 0 {
		return false, conflict("the relation takes one account, and has one")
	}
	account.attributes[relationPrefix+key] = append(slices.Clone(relatedBy(account, key)), target.id)
	target.attributes[relationPrefix+side.inverse] = append(slices.Clone(relatedBy(target, side.inverse)), account.id)
	return true, nil
}

func removeRelation(account, target *resource, key string) (bool, error) {
	if !slices.Contains(relatedBy(account, key), target.id) {
		return false, nil
	}
	drop := func(from *resource, key, id string) {
		from.attributes[relationPrefix+key] = slices.DeleteFunc(slices.Clone(relatedBy(from, key)), func(other string) bool { return other == id })
	}
	drop(account, key, target.id)
	drop(target, relations()[key].inverse, account.id)
	return true, nil
}

// listRelations answers with the accounts related by a key, the latest first.
func listRelations(c *call) (*answer, error) {
	account := c.get(c.ids[0])
	if account == nil || account.family() != "account" {
		return nil, notFound("")
	}
	key := c.filter("key")
	if key == "" {
		return nil, badRequest("filter.key is missing")
	}
	if _, known := relations()[key]; !known {
		return nil, unprocessable("the account type has no such relation", "")
	}
	start, end := moment(c.filter("created-at-start")), moment(c.filter("created-at-end"))
	ids := relatedBy(account, key)
	matching := func(yield func(*resource) bool) {
		for _, id := range slices.Backward(ids) {
			r := c.get(id)
			created := r.time("created-at")
			if (start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end)) && !yield(r) {
				return
			}
		}
	}
	return c.page(matching, func(id string) bool { return slices.Contains(ids, id) })
}
