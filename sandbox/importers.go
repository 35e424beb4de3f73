package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	importedFile = "_file" // what an importer has still to read
	importedList = "_list" // the id of the list that its items go into
)

// importerOperations are those on importers: CSV files of accounts, or of list items.
// Like Persona's an importer is pending when it is answered with; its rows are read
// right after that.
func importerOperations() map[string]operation {
	operations := map[string]operation{
		"Importers.Get":            func(c *call) (*answer, error) { return c.answerFound("importer") },
		"Importers.List":           func(c *call) (*answer, error) { return c.list("importer", nil) },
		"Importers.ImportAccounts": func(c *call) (*answer, error) { return c.newImporter("importer/account", nil) },
	}
	for _, kind := range listKinds() {
		operations["Importers.Import"+kind.method+"ListItems"] = func(c *call) (*answer, error) {
			id := c.text("data.attributes.list-id")
			if c.get(id) == nil {
				return nil, unprocessable("the list is not found", "/data/attributes/list-id") // there is no 404 here
			}
			list, err := c.listFor(kind)
			if err != nil {
				return nil, err
			}
			return c.newImporter("importer/list-item/"+kind.name, list)
		}
	}
	return operations
}

func (c *call) newImporter(typ string, list *resource) (*answer, error) {
	file := c.object("data.attributes.file")
	content, err := base64.StdEncoding.DecodeString(textOf(file["data"]))
	if err != nil || len(content) == 0 || textOf(file["filename"]) == "" {
		return nil, badRequest("data.attributes.file must hold data in base64, and a filename")
	}
	r := c.create(typ, "mprt", map[string]any{
		"status": "pending", "successful-count": 0, "duplicate-count": 0, "error-count": 0, importedFile: string(content),
	}, nil)
	if list != nil {
		r.attributes[importedList] = list.id
	}
	c.remind(c.now, r.id)
	return &answer{status: http.StatusCreated, one: r}, nil
}

// runImport reads the rows of an importer. A file that cannot be read, or that lacks
// all columns there could be, changes nothing.
func (c *change) runImport(importer *resource) {
	content, waiting := importer.attributes[importedFile].(string)
	if !waiting {
		return
	}
	delete(importer.attributes, importedFile)
	importer.attributes["completed-at"] = stamp(c.now)
	columns, add := accountColumns(), c.importAccounts()
	if name, ok := strings.CutPrefix(importer.typ, "importer/list-item/"); ok {
		list := c.edit(importer.text(importedList))
		kind := listKindOf(name)
		columns, add = kind.columns(), c.importItems(kind, list, importer.identifier())
	}
	rows, err := readRows([]byte(content), columns)
	if err != nil {
		importer.attributes["status"] = "errored"
		return
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[add(row)]++
	}
	importer.attributes["status"] = "ready"
	for _, outcome := range []string{rowImported, rowDuplicate, rowWrong} {
		importer.attributes[outcome] = counts[outcome]
	}
}

// What can become of a row: the counters that count it.
const (
	rowImported  = "successful-count"
	rowDuplicate = "duplicate-count"
	rowWrong     = "error-count"
)

// readRows reads a CSV file into rows by column. A row that has another number of cells
// than there are columns is nil. Columns that are not known are ignored.
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
			if kebab(strings.TrimSpace(title)) == column {
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

// accountColumns are the columns of a file of accounts. The sandbox reads social
// security numbers and forgets them.
func accountColumns() []string {
	return []string{"reference-id", "name-first", "name-middle", "name-last", "birthdate", "social-security-number", "tags"}
}

// importAccounts returns what makes an account of a row.
func (c *change) importAccounts() func(row map[string]string) (outcome string) {
	seen := map[string]bool{}
	return func(row map[string]string) string {
		written := map[string]any{}
		for column, value := range row {
			if path := shortcuts()[column]; path != "" && value != "" {
				place(written, path, value)
			}
		}
		reference := row["reference-id"]
		if len(written) == 0 && reference == "" {
			return rowWrong
		}
		if _, err := time.Parse(time.DateOnly, row["birthdate"]); row["birthdate"] != "" && err != nil {
			return rowWrong
		}
		if same := strings.ToLower(reference); same != "" {
			if seen[same] || c.accountByReference(reference, "") != nil {
				return rowDuplicate
			}
			seen[same] = true
		}
		var names []string
		for name := range strings.SplitSeq(row["tags"], ",") {
			names = append(names, strings.TrimSpace(name))
		}
		tags := tagList(names)
		if c.countTags(tags) != nil {
			return rowWrong
		}
		account := c.newAccount(AccountTypeID, reference)
		account.attributes["fields"], account.attributes["tags"] = mergeFields(nil, written), tags
		c.emit("account.created", account, nil)
		return rowImported
	}
}

// importItems returns what makes an item of a list of a row.
func (c *change) importItems(kind listKind, list *resource, importer identifier) func(row map[string]string) (outcome string) {
	seen := map[string]bool{}
	items := slices.Clone(list.many("list-items"))
	return func(row map[string]string) string {
		if list.text("status") != "active" {
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
		same := kind.same(list, attributes)
		if seen[same] || c.listed(same) {
			return rowDuplicate
		}
		seen[same] = true
		items = append(items, c.addItem(kind, list, attributes, importer).identifier())
		list.relationships["list-items"] = items
		return rowImported
	}
}

// readForm reads a body of multipart/form-data: data[attributes][list-id] becomes
// nested objects, and a file becomes what it is in JSON, its data in base64 and its
// filename.
func readForm(body []byte, boundary string) (map[string]any, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(maxBody)
	if err != nil {
		return nil, badRequest("the body is not valid multipart/form-data")
	}
	document := map[string]any{}
	for key, values := range form.Value {
		nest(document, key, values[0])
	}
	for key, files := range form.File {
		file, err := files[0].Open()
		if err != nil {
			return nil, badRequest("a file of the body cannot be read")
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, badRequest("a file of the body cannot be read")
		}
		nest(document, key, map[string]any{"data": base64.StdEncoding.EncodeToString(content), "filename": files[0].Filename})
	}
	return document, nil
}

// nest stores a value under the key of a form, such as data[attributes][file].
func nest(document map[string]any, key string, value any) {
	names := strings.Split(strings.ReplaceAll(key, "]", ""), "[")
	for _, name := range names[:len(names)-1] {
		inner, ok := document[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			document[name] = inner
		}
		document = inner
	}
	document[names[len(names)-1]] = value
}
