package resources

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// relationPrefix marks the attributes of an account or a transaction that hold its
// relations by key.
const relationPrefix = "_relation-"

func relationOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Accounts.AddRelation":    editRelation("account", addRelation, "account.added-relation"),
		"Accounts.RemoveRelation": editRelation("account", removeRelation, "account.removed-relation"),
		"Accounts.ListRelations":  listRelations,
	}
}

// RelatedBy returns the ids that an account or a transaction is related to by a key.
func RelatedBy(r *storage.Resource, key string) []string {
	ids, _ := r.Attributes[relationPrefix+key].([]string)
	return ids
}

// editRelation changes a relation on both sides. What is so already stays so, and
// makes no event.
func editRelation(family string, edit func(from, target *storage.Resource, key string) (changed bool, err error), event string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		from, err := c.Find(family)
		if err != nil {
			return nil, err
		}
		key, targetID := c.Text("meta.relation-schema-key"), c.Text("meta.target-object-id")
		side, known := Relations(family)[key]
		if !known {
			return nil, engine.Unprocessable("the "+family+" type has no such relation", "/meta/relation-schema-key")
		}
		target := c.Edit(targetID)
		switch {
		case target == nil || Relations(target.Family()) == nil:
			return nil, engine.NotFound("meta.target_object_id is not found")
		case target.Family() != side.To:
			return nil, engine.Unprocessable("the relation leads to another type of object", "/meta/target-object-id")
		case target.ID == from.ID:
			return nil, engine.Unprocessable("an object cannot be related to itself", "/meta/target-object-id")
		}
		changed, err := edit(from, target, key)
		if err == nil && changed {
			from.Attributes["updated-at"] = simclock.Stamp(c.Now)
			showRelated(c.Change, from)
			showRelated(c.Change, target)
			context := map[string]any{"relation-schema-key": key, "target-account-id": nil, "target-txn-id": nil}
			context[map[string]string{"account": "target-account-id", "transaction": "target-txn-id"}[side.To]] = target.ID
			c.Emit(event, from, context)
		}
		return &engine.Answer{One: from}, err
	}
}

func addRelation(from, target *storage.Resource, key string) (bool, error) {
	if slices.Contains(RelatedBy(from, key), target.ID) {
		return false, nil
	}
	side := Relations(from.Family())[key]
	if !side.many && len(RelatedBy(from, key)) > 0 || !Relations(side.To)[side.inverse].many && len(RelatedBy(target, side.inverse)) > 0 {
		return false, engine.Conflict("the relation takes one " + side.To + ", and has one")
	}
	from.Attributes[relationPrefix+key] = append(slices.Clone(RelatedBy(from, key)), target.ID)
	target.Attributes[relationPrefix+side.inverse] = append(slices.Clone(RelatedBy(target, side.inverse)), from.ID)
	return true, nil
}

func removeRelation(from, target *storage.Resource, key string) (bool, error) {
	if !slices.Contains(RelatedBy(from, key), target.ID) {
		return false, nil
	}
	drop := func(of *storage.Resource, key, id string) {
		of.Attributes[relationPrefix+key] = slices.DeleteFunc(slices.Clone(RelatedBy(of, key)), func(other string) bool { return other == id })
	}
	drop(from, key, target.ID)
	drop(target, Relations(from.Family())[key].inverse, from.ID)
	return true, nil
}

// moveRelations gives an account's relations to another, as far as those can be: not
// to itself, and not where it has the one that the relation takes.
func moveRelations(c *engine.Change, from, to *storage.Resource) {
	sides := Relations("account")
	for _, key := range slices.Sorted(maps.Keys(sides)) {
		for _, id := range slices.Clone(RelatedBy(from, key)) {
			target := c.Edit(id)
			_, _ = removeRelation(from, target, key) // always can be
			if target.ID != to.ID {
				_, _ = addRelation(to, target, key) // refused where one is taken: the destination's stays
			}
			showRelated(c, target)
		}
	}
}

// listRelations answers with what an account is related to by a key, the latest first.
func listRelations(c *engine.Call) (*engine.Answer, error) {
	account := c.Get(c.IDs[0])
	if account == nil || account.Family() != "account" {
		return nil, engine.NotFound("")
	}
	key := c.Filter("key")
	if key == "" {
		return nil, engine.BadRequest("filter.key is missing")
	}
	if _, known := Relations("account")[key]; !known {
		return nil, engine.Unprocessable("the account type has no such relation", "")
	}
	start, end := simclock.Moment(c.Filter("created-at-start")), simclock.Moment(c.Filter("created-at-end"))
	var related []*storage.Resource
	for _, id := range slices.Backward(RelatedBy(account, key)) {
		r := c.Get(id)
		created := r.Time("created-at")
		if (start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end)) {
			related = append(related, r)
		}
	}
	return c.Page(engine.Listed(related))
}
