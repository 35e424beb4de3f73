package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Cursor is the cursor of a page in a request. It belongs to one list.
type Cursor string

// Resolve implements [huma.ResolverWithPath].
func (c Cursor) Resolve(ctx huma.Context, at *huma.PathBuffer) []error {
	if c == "" {
		return nil
	}
	list, _ := ctx.Context().Value(listKey).(string)
	if of, n := c.parts(); n > 0 && of == list {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: at.String(), Message: "it is not the next of a page of this list"}}
}

var _ huma.ResolverWithPath = Cursor("")

// parts returns the list of a cursor and its place in it, or 0 for an invalid one.
func (c Cursor) parts() (list string, n int64) {
	text, err := base64.RawURLEncoding.DecodeString(string(c))
	list, place, ok := strings.Cut(string(text), " ")
	n, bad := strconv.ParseInt(place, 10, 64)
	if err != nil || !ok || bad != nil || n <= 0 {
		return "", 0
	}
	return list, n
}

// place returns the place of a valid cursor in its list; 0 for none.
func (c Cursor) place() int64 {
	_, n := c.parts()
	return n
}

// cursorTo returns the cursor to a place in the list of a request; "" for 0.
func cursorTo(ctx context.Context, n int64) string {
	if n == 0 {
		return ""
	}
	list, _ := ctx.Value(listKey).(string)
	return base64.RawURLEncoding.EncodeToString([]byte(list + " " + strconv.FormatInt(n, 10)))
}
