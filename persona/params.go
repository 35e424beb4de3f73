package persona

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// File is a file to upload.
type File struct {
	Name    string
	Content io.Reader
}

// AnyOf joins several values for a filter such as the Status and InquiryID of
// [InquiryListParams]. The list then contains items that match any of them.
func AnyOf[S ~string](values ...S) S {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(v))
	}
	return S(b.String())
}

// Parameters are structs. The tag `in` of a field says where its value is sent:
//
//	query            a query parameter
//	header           a header
//	data.attributes  the body, in data and attributes; likewise data and meta
//	body             the top level of the body
//
// The tag `json` is its name. With omitzero, a zero field is not sent.

// placed is a field to send.
type placed struct {
	in, name string
	value    reflect.Value
}

// place returns the fields to send, and the places of all fields.
func place(params any) (fields []placed, places []string) {
	if params == nil {
		return nil, nil
	}
	v := reflect.ValueOf(params)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		in := field.Tag.Get("in")
		places = append(places, in)
		_, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "omitzero") && isZero(v.Field(i)) {
			continue
		}
		fields = append(fields, placed{in, keyOf(field), v.Field(i)})
	}
	return fields, places
}

func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

// body is an encoded request body. It can be sent repeatedly.
type body struct {
	contentType string
	bytes       []byte
}

// encodeBody encodes the body of an operation.
func encodeBody(kind bodyType, params any) (body, error) {
	fields, places := place(params)
	switch kind {
	case jsonBody:
		b, err := jsonOf(fields, places)
		return body{"application/json", b}, err
	case formBody:
		form := url.Values{}
		for _, f := range fields {
			form.Set(f.name, text(f.value))
		}
		return body{"application/x-www-form-urlencoded", []byte(form.Encode())}, nil
	case multipartBody:
		return multipartOf(fields)
	default:
		return body{}, nil
	}
}

// jsonOf nests the fields in their places. A place that a field could be in is present even
// if it is empty, since Persona's documents require it; only an empty meta is omitted if
// the body contains something else.
func jsonOf(fields []placed, places []string) ([]byte, error) {
	root := map[string]any{}
	for _, in := range places {
		if in != "meta" {
			at(root, in)
		}
	}
	if len(root) == 0 {
		for _, in := range places {
			at(root, in)
		}
	}
	for _, f := range fields {
		if m := at(root, f.in); m != nil {
			m[f.name] = f.value.Interface()
		}
	}
	return json.Marshal(root)
}

// at returns the object at a place, and creates it if necessary. It is nil for places
// outside of the body.
func at(root map[string]any, in string) map[string]any {
	switch in {
	case "query", "header":
		return nil
	case "body":
		return root
	}
	m := root
	for _, key := range strings.Split(in, ".") {
		next, ok := m[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[key] = next
		}
		m = next
	}
	return m
}

func multipartOf(fields []placed) (body, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name := partName(f)
		file, ok := f.value.Interface().(File)
		if !ok {
			if err := w.WriteField(name, text(f.value)); err != nil {
				return body{}, err
			}
			continue
		}
		if file.Content == nil {
			return body{}, fmt.Errorf("no content is given for the file")
		}
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", multipart.FileContentDisposition(name, file.Name))
		header.Set("Content-Type", "application/octet-stream")
		part, err := w.CreatePart(header)
		if err != nil {
			return body{}, err
		}
		if _, err := io.Copy(part, file.Content); err != nil {
			return body{}, fmt.Errorf("read the file to upload: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return body{}, err
	}
	return body{w.FormDataContentType(), b.Bytes()}, nil
}

// partName returns for example data[attributes][file] for data.attributes and file.
func partName(f placed) string {
	keys := append(strings.Split(f.in, "."), f.name)
	return keys[0] + "[" + strings.Join(keys[1:], "][") + "]"
}

// encodeQuery adds the fields that are query parameters.
func encodeQuery(query url.Values, params any) {
	fields, _ := place(params)
	for _, f := range fields {
		if f.in == "query" {
			query.Set(f.name, text(f.value))
		}
	}
}

// headersOf returns the fields that are headers.
func headersOf(params any) map[string]string {
	headers := map[string]string{}
	fields, _ := place(params)
	for _, f := range fields {
		if f.in == "header" {
			headers[f.name] = text(f.value)
		}
	}
	return headers
}

// text encodes a scalar for a query or a form.
func text(v reflect.Value) string {
	value := v.Interface()
	if optional, ok := value.(interface{ any() any }); ok {
		value = optional.any()
	}
	if at, ok := value.(time.Time); ok {
		return Time{Time: at}.format()
	}
	return fmt.Sprint(value)
}

// escapePath inserts ids into a path. It rejects an id that is empty or would change the
// path.
func escapePath(path string, ids []string) (string, error) {
	for _, id := range ids {
		start, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		if id == "" || id == "." || id == ".." {
			return "", fmt.Errorf("%s is not given", path[start+1:end])
		}
		path = path[:start] + url.PathEscape(id) + path[end+1:]
	}
	return path, nil
}

// newKey returns an idempotency key: 128 random bits in hexadecimal.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
