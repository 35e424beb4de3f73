package main

import (
	"bufio"
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/persona"
)

type apiCommand struct {
	List bool `required:"" help:"List every operation, one per line: METHOD PATH Service.Method."`
	JSON bool `name:"json" help:"Print JSON."`
}

// operation is an operation as JSON.
type operation struct {
	Method      string `json:"method"`
	Path        string `json:"path"`
	Name        string `json:"name"`
	OperationID string `json:"operation_id"` // in Persona's OpenAPI document
}

func (c apiCommand) Run(std streams) error {
	w := bufio.NewWriter(std.out)
	all := []operation{}
	for _, op := range persona.Operations() {
		all = append(all, operation{op.HTTPMethod, op.Path, op.Name(), op.ID})
	}
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(all); err != nil {
			return err
		}
		return w.Flush()
	}
	for _, op := range all {
		fmt.Fprintln(w, op.Method, op.Path, op.Name)
	}
	return w.Flush()
}
