package resources

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	ImportedFile = "_file" // the content that an importer must still read
	importedList = "_list" // the id of the list that gets the items
)

// importerOperations returns the operations on importers, which import CSV files of
// accounts or list items. As at Persona, an importer is pending in the answer; its rows are
// read right after that.
func importerOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Importers.Get":            engine.Get("importer"),
		"Importers.List":           list("importer"),
		"Importers.ImportAccounts": func(c *engine.Call) (*engine.Answer, error) { return newImporter(c, "importer/account", nil) },
	}
	for _, kind := range listKinds() {
		operations["Importers.Import"+kind.method+"ListItems"] = func(c *engine.Call) (*engine.Answer, error) {
			id := c.Text("data.attributes.list-id")
			if c.Get(id) == nil {
				return nil, engine.Unprocessable("the list is not found", "/data/attributes/list-id") // this operation has no 404
			}
			list, err := listFor(c, kind)
			if err != nil {
				return nil, err
			}
			return newImporter(c, "importer/list-item/"+kind.name, list)
		}
	}
	return operations
}

func newImporter(c *engine.Call, typ string, list *storage.Resource) (*engine.Answer, error) {
	file := c.Object("data.attributes.file")
	content, err := base64.StdEncoding.DecodeString(engine.TextOf(file["data"]))
	if err != nil || len(content) == 0 || engine.TextOf(file["filename"]) == "" {
		return nil, engine.BadRequest("data.attributes.file must hold data in base64, and a filename")
	}
	r := c.Create(typ, "mprt", map[string]any{
		"status": "pending", "successful-count": 0, "duplicate-count": 0, "error-count": 0, ImportedFile: string(content),
	}, nil)
	if list != nil {
		r.Attributes[importedList] = list.ID
	}
	c.Schedule(c.Now, r.ID)
	return &engine.Answer{Status: http.StatusCreated, One: r}, nil
}

// runImport imports the rows of an importer. A file that cannot be read, or that has none
// of the known columns, changes nothing.
func runImport(c *engine.Change, importer *storage.Resource) {
	content, waiting := importer.Attributes[ImportedFile].(string)
	if !waiting {
		return
	}
	delete(importer.Attributes, ImportedFile)
	c.Stamp(importer, "completed-at")
	columns, add := accountColumns(), importAccounts(c)
	if name, ok := strings.CutPrefix(importer.Typ, "importer/list-item/"); ok {
		list := c.Edit(importer.Text(importedList))
		kind := listKindOf(name)
		columns, add = kind.columns(), importItems(c, kind, list, importer.Identifier())
	}
	rows, err := readRows([]byte(content), columns)
	if err != nil {
		importer.Attributes["status"] = "errored"
		return
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[add(row)]++
	}
	importer.Attributes["status"] = "ready"
	for _, outcome := range []string{rowImported, rowDuplicate, rowWrong} {
		importer.Attributes[outcome] = counts[outcome]
	}
}

// The outcomes of a row: the attributes that count them.
const (
	rowImported  = "successful-count"
	rowDuplicate = "duplicate-count"
	rowWrong     = "error-count"
)

// readRows reads a CSV file into rows by column. A row with the wrong number of cells is
// nil. Unknown columns are ignored.
func readRows(content []byte, columns []string) ([]map[string]string, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("the file has no header")
	}
	known := map[int]string{}
	for i, title := range records[0] {
		for _, column := range columns {
			if casing.Kebab(strings.TrimSpace(title)) == column {
				known[i] = column
			}
		}
	}
	if len(known) == 0 {
		return nil, errors.New("the file has none of the columns")
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		var row map[string]string
		if len(record) == len(records[0]) {
			row = map[string]string{}
			for i, column := range known {
				row[column] = strings.TrimSpace(record[i])
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// accountColumns returns the columns of a file of accounts. Social security numbers are
// read but not stored.
func accountColumns() []string {
	return []string{"reference-id", "name-first", "name-middle", "name-last", "birthdate", "social-security-number", "tags"}
}

// importAccounts returns a function that imports a row as an account.
func importAccounts(c *engine.Change) func(row map[string]string) (outcome string) {
	seen := map[string]bool{}
	declared := schema.Of(c.Get(fixtures.AccountTypeID))
	return func(row map[string]string) string {
		written := map[string]any{}
		for column, value := range row {
			if path := engine.AccountShortcuts()[column]; path != "" && value != "" {
				schema.SetPath(written, path, value)
			}
		}
		reference := row["reference-id"]
		if len(written) == 0 && reference == "" || utf8.RuneCountInString(reference) > schema.MaxText {
			return rowWrong
		}
		if declared.Check(written, "account type") != nil {
			return rowWrong
		}
		if same := strings.ToLower(reference); same != "" {
			if seen[same] || accountByReference(c, reference, "") != nil {
				return rowDuplicate
			}
			seen[same] = true
		}
		var names []string
		for name := range strings.SplitSeq(row["tags"], ",") {
			names = append(names, strings.TrimSpace(name))
		}
		tags := TagList(names)
		if useTags(c, tags) != nil {
			return rowWrong
		}
		account := newAccount(c, fixtures.AccountTypeID, reference)
		account.Attributes["fields"], account.Attributes["tags"] = schema.Merge(blankFields(c.Get(fixtures.AccountTypeID)), written), tags
		c.Emit("account.created", account, nil)
		return rowImported
	}
}

// importItems returns a function that imports a row as an item of a list.
func importItems(c *engine.Change, kind listKind, list *storage.Resource, importer storage.Identifier) func(row map[string]string) (outcome string) {
	seen := map[string]bool{}
	items := slices.Clone(list.Many("list-items"))
	return func(row map[string]string) string {
		if list.Text("status") != "active" {
			return rowWrong
		}
		given := map[string]any{}
		for _, a := range kind.attributes {
			given[a.name] = row[a.name]
			if a.number {
				number, err := strconv.ParseFloat(row[a.name], 64)
				if err != nil {
					return rowWrong
				}
				given[a.name] = number
			}
		}
		attributes, err := kind.read(given)
		if err != nil {
			return rowWrong
		}
		same := kind.nameOf(list, attributes)
		if seen[same] || activeItem(c, same) != nil {
			return rowDuplicate
		}
		seen[same] = true
		items = append(items, addItem(c, kind, list, attributes, importer).Identifier())
		list.Relationships["list-items"] = items
		return rowImported
	}
}
