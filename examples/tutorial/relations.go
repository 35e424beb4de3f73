package tutorial

import (
	"context"
	"fmt"
	"strings"

	"github.com/idemhq/idem/persona"
)

// Relate makes one account a child or an associate of another, depending on the key.
func Relate(ctx context.Context, client *persona.Client, from, key, to string) error {
	_, err := client.Accounts.AddRelation(ctx, from, persona.AccountAddRelationParams{RelationSchemaKey: key, TargetObjectID: to})
	return err
}

// Tree draws an account and the accounts related to it, one line each.
func Tree(ctx context.Context, client *persona.Client, root string) ([]string, error) {
	t := tree{client: client, drawn: map[string]bool{}}
	err := t.draw(ctx, root, "", 0)
	return t.lines, err
}

type tree struct {
	client *persona.Client
	drawn  map[string]bool // relations can be circular
	lines  []string
}

func (t *tree) draw(ctx context.Context, id, label string, depth int) error {
	account, err := t.client.Accounts.Get(ctx, id)
	if err != nil {
		return err
	}
	t.drawn[id] = true
	t.lines = append(t.lines, fmt.Sprintf("%s%s%s (%s)", strings.Repeat("   ", depth), label, id, account.Attributes.ReferenceID))
	for _, key := range []string{"children", "associates"} {
		for related, err := range t.client.Accounts.ListRelations(ctx, id, persona.AccountListRelationsParams{Key: key}) {
			if err != nil {
				return err
			}
			if to := related.Identifier().ID; !t.drawn[to] {
				if err := t.draw(ctx, to, "└─ "+key+" ", depth+1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
