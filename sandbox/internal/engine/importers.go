package engine

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/multipart"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// readForm reads a body of multipart/form-data: data[attributes][list-id] becomes
// nested objects, and a file becomes what it is in JSON, its data in base64 and its
// filename.
func readForm(body []byte, boundary string) (map[string]any, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(catalog.MaxBody)
	if err != nil {
		return nil, BadRequest("the body is not valid multipart/form-data")
	}
	document := map[string]any{}
	for key, values := range form.Value {
		nest(document, key, values[0])
	}
	for key, files := range form.File {
		file, err := files[0].Open()
		if err != nil {
			return nil, BadRequest("a file of the body cannot be read")
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, BadRequest("a file of the body cannot be read")
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
