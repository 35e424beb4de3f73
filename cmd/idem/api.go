package main

import (
	"fmt"
	"io"

	"github.com/idemhq/idem/persona"
)

type apiCommand struct {
	output
	List bool `required:"" help:"List every operation, one per line: METHOD PATH Service.Method."`
}

func (apiCommand) Help() string {
	return examples("idem api --list", "idem api --list | grep inquiries", "idem api --list --json")
}

// operation is an operation as JSON.
type operation struct {
	Method      string `json:"method"`
	Path        string `json:"path"`
	Name        string `json:"name"`
	OperationID string `json:"operation_id"` // in Persona's OpenAPI document
}

func (c apiCommand) Run(std streams) error {
	all := []operation{}
	for _, op := range persona.Operations() {
		all = append(all, operation{op.HTTPMethod, op.Path, op.Name(), op.ID})
	}
	return c.print(std.out, all, func(w io.Writer) {
		for _, op := range all {
			fmt.Fprintln(w, op.Method, op.Path, op.Name)
		}
	})
}
