package resources

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Relation is one side of a relation between accounts or transactions.
type Relation struct {
	To      string // the family that it leads to
	inverse string // the key of the other side
	many    bool   // whether it leads to more than one
}

// Relations returns the relations of accounts or transactions, by key.
func Relations(family string) map[string]Relation {
	switch family {
	case "account":
		return map[string]Relation{
			"parent":     {To: "account", inverse: "children"},
			"children":   {To: "account", inverse: "parent", many: true},
			"associates": {To: "account", inverse: "associates", many: true},
			"payments":   {To: "transaction", inverse: "payer", many: true},
		}
	case "transaction":
		return map[string]Relation{
			"payer":    {To: "account", inverse: "payments"},
			"original": {To: "transaction", inverse: "refunds"},
			"refunds":  {To: "transaction", inverse: "original", many: true},
		}
	default:
		return nil
	}
}

// relationPrefix starts the names of the attributes that contain the relations of an account
// or a transaction, by key.
const relationPrefix = "_relation-"

func relationOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Accounts.AddRelation":    editRelation("account", addRelation, "account.added-relation"),
		"Accounts.RemoveRelation": editRelation("account", removeRelation, "account.removed-relation"),
		"Accounts.ListRelations":  listRelations,
	}
}

// RelatedBy returns the ids to which a key relates an account or a transaction.
func RelatedBy(r *storage.Resource, key string) []string {
	ids, _ := r.Attributes[relationPrefix+key].([]string)
	return ids
}

// editRelation is an operation that changes a relation on both sides. If it changes nothing,
// it emits no event.
func editRelation(family string, change func(from, target *storage.Resource, key string) (changed bool, err error), event string) engine.Operation {
	return edit(family, func(c *engine.Call, from *storage.Resource) error {
		key, targetID := c.Text("meta.relation-schema-key"), c.Text("meta.target-object-id")
		side, known := Relations(family)[key]
		if !known {
			return engine.Unprocessable("the "+family+" type has no such relation", "/meta/relation-schema-key")
		}
		target := c.Edit(targetID)
		switch {
		case target == nil || Relations(target.Family()) == nil:
			return engine.NotFound("meta.target_object_id is not found")
		case target.Family() != side.To:
			return engine.Unprocessable("the relation leads to another type of object", "/meta/target-object-id")
		case target.ID == from.ID:
			return engine.Unprocessable("an object cannot be related to itself", "/meta/target-object-id")
		}
		changed, err := change(from, target, key)
		if err == nil && changed {
			c.Stamp(from, "updated-at")
			showRelated(c.Change, from)
			showRelated(c.Change, target)
			context := map[string]any{"relation-schema-key": key, "target-account-id": nil, "target-txn-id": nil}
			context[map[string]string{"account": "target-account-id", "transaction": "target-txn-id"}[side.To]] = target.ID
			c.Emit(event, from, context)
		}
		return err
	})
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

// moveRelations moves an account's relations to another account, except relations to that
// account itself, and those for which it has a target already.
func moveRelations(c *engine.Change, from, to *storage.Resource) {
	sides := Relations("account")
	for _, key := range slices.Sorted(maps.Keys(sides)) {
		for _, id := range slices.Clone(RelatedBy(from, key)) {
			target := c.Edit(id)
			_, _ = removeRelation(from, target, key) // cannot fail
			if target.ID != to.ID {
				_, _ = addRelation(to, target, key) // fails if the destination has one: that one stays
			}
			showRelated(c, target)
		}
	}
}

// listRelations lists the resources to which a key relates an account, the latest first.
func listRelations(c *engine.Call) (*engine.Answer, error) {
	account, err := c.Find("account")
	if err != nil {
		return nil, err
	}
	key, err := requiredFilter(c, "key")
	if err != nil {
		return nil, err
	}
	if _, known := Relations("account")[key]; !known {
		return nil, engine.Unprocessable("the account type has no such relation", "")
	}
	created := createdBetween(c)
	var related []*storage.Resource
	for _, id := range slices.Backward(RelatedBy(account, key)) {
		if r := c.Get(id); created(r) {
			related = append(related, r)
		}
	}
	return c.Page(related)
}
