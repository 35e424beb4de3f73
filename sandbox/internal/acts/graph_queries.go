package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func cancelGraphQuery(c *engine.Change, query *storage.Resource, _ Act) (*storage.Resource, error) {
	if status := query.Text("status"); status != "submitted" {
		return nil, engine.Conflict("a graph query that is " + status + " cannot be cancelled")
	}
	resources.EndGraphQuery(c, query, "cancelled")
	return query, nil
}

func rerunGraphQuery(c *engine.Change, query *storage.Resource, _ Act) (*storage.Resource, error) {
	if query.Text("status") == "submitted" {
		return nil, engine.Conflict("the graph query runs already")
	}
	resources.SubmitGraphQuery(c, query, "graph-query.reran")
	return query, nil
}
