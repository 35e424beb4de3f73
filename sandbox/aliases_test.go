package sandbox_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// TestTheDocumentationOfATypeListsItsFields checks the types of this package that are aliases
// of internal types: their documentation is all that readers see of them.
func TestTheDocumentationOfATypeListsItsFields(t *testing.T) {
	t.Parallel()
	docs := typeDocs(t)
	for name, typ := range map[string]reflect.Type{
		"Fault": reflect.TypeFor[sandbox.Fault](), "ActiveFault": reflect.TypeFor[sandbox.ActiveFault](), "Act": reflect.TypeFor[sandbox.Act](),
		"CallRecord": reflect.TypeFor[sandbox.CallRecord](), "Delivery": reflect.TypeFor[sandbox.Delivery](), "Attempt": reflect.TypeFor[sandbox.Attempt](),
	} {
		var fields, documented []string
		for i := range typ.NumField() {
			if field := typ.Field(i); field.IsExported() {
				fields = append(fields, field.Name)
			}
		}
		for line := range strings.Lines(docs[name]) {
			if indented, ok := strings.CutPrefix(line, "\t"); ok {
				documented = append(documented, strings.Fields(indented)[0])
			}
		}
		if !slices.Equal(documented, fields) {
			t.Errorf("the documentation of %s lists %q, its fields are %q", name, documented, fields)
		}
	}
}

// typeDocs returns the documentation of the types of this package, by name.
func typeDocs(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, file := range []string{"acts.go", "faults.go", "traffic.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		ok(t, err)
		for _, declaration := range parsed.Decls {
			if general, isGeneral := declaration.(*ast.GenDecl); isGeneral && general.Tok == token.TYPE {
				docs[general.Specs[0].(*ast.TypeSpec).Name.Name] = general.Doc.Text()
			}
		}
	}
	return docs
}
