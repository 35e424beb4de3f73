package engine

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// A link to a file contains a token, and everyone can use it until it expires (Persona
// docs: Downloading files). Stored resources contain marks instead of links. Rendering an
// answer or a webhook replaces each mark with a new link.

// fileContent is the attribute of an uploaded file that holds its content, in base64.
const fileContent = "_content"

// fileAccess says how links to files are made. The zero value makes none.
type fileAccess struct {
	environment string
	life        time.Duration
}

func accessOf(env *Environment, r *storage.Resource) fileAccess {
	return fileAccess{env.Name, r.Duration("file-access-token-expires-in")}
}

// fileToken is the content of an access token.
type fileToken struct {
	Environment string `json:"environment"`
	Owner       string `json:"owner"` // the id of an uploaded file, or of the resource that has a sample
	Name        string `json:"name"`
	Expires     int64  `json:"expires"`
}

// File stores a file that a request sends at a path, with data in base64 and a filename.
// It returns the file's attributes.
func (c *Call) File(path string, given map[string]any) (map[string]any, error) {
	data, err := base64.StdEncoding.DecodeString(TextOf(given["data"]))
	if err != nil || len(data) == 0 || TextOf(given["filename"]) == "" {
		return nil, BadRequest(path + " must hold data in base64, and a filename")
	}
	name := TextOf(given["filename"])
	stored := c.Create("file", "file", map[string]any{fileContent: base64.StdEncoding.EncodeToString(data)}, nil)
	return fileOf(stored.ID, name, len(data)), nil
}

func fileOf(owner, name string, size int) map[string]any {
	return map[string]any{"filename": name, "url": storage.MarkOf(owner, name), "byte-size": size}
}

// DeleteFiles deletes the uploaded files that a value of a resource refers to.
func (c *Change) DeleteFiles(v any) {
	switch v := v.(type) {
	case string:
		mark, ok := strings.CutPrefix(v, storage.FileMark)
		owner, _, _ := strings.Cut(mark, "/")
		if stored := c.Edit(owner); ok && stored != nil && stored.Typ == "file" {
			stored.Attributes = map[string]any{"created-at": stored.Attributes["created-at"]}
		}
	case map[string]any:
		for _, inner := range v {
			c.DeleteFiles(inner)
		}
	case []any:
		for _, inner := range v {
			c.DeleteFiles(inner)
		}
	}
}

// holdsFile reports whether one of the fields is a file.
func holdsFile(fields any) bool {
	m, _ := fields.(map[string]any)
	for _, field := range m {
		if field, _ := field.(map[string]any); field["type"] == "file" && field["value"] != nil {
			return true
		}
	}
	return false
}

// hasFiles reports whether resources of a family may contain marks, besides the fields of
// inquiries and transactions.
func hasFiles(family string) bool {
	return slices.Contains([]string{"account", "case", "document", "document-file", "selfie", "verification"}, family)
}

// linked replaces marks with links. What has none, such as the checks of a verification, is not
// copied.
func (e *Engine) linked(v any, f renderOptions) any {
	if !hasMark(v) {
		return v
	}
	switch v := v.(type) {
	case string:
		if mark, ok := strings.CutPrefix(v, storage.FileMark); ok {
			owner, name, _ := strings.Cut(mark, "/")
			return e.fileURL(owner, name, f)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = e.linked(inner, f)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = e.linked(inner, f)
		}
		return out
	}
	return v
}

// hasMark reports whether there is a mark in a value.
func hasMark(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.HasPrefix(v, storage.FileMark)
	case map[string]any:
		for _, inner := range v {
			if hasMark(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasMark)
	}
	return false
}

func (e *Engine) fileURL(owner, name string, f renderOptions) string {
	claims, _ := json.Marshal(fileToken{f.files.environment, owner, name, e.clock.Now().Add(f.files.life).Unix()}) // texts and a number
	text := base64.RawURLEncoding.EncodeToString(claims)
	token := text + "." + e.fileMAC(text)
	if f.version < "2023-01-05" {
		return e.address + oldFilesBase + token + "/" + url.PathEscape(path.Base(name))
	}
	return e.address + filesBase + url.PathEscape(path.Base(name)) + "?access_token=" + token
}

func (e *Engine) fileMAC(text string) string {
	return base64.RawURLEncoding.EncodeToString(e.Sign([]byte("file " + text))) // session tokens use the same key
}

// serveFile answers a download.
func (e *Engine) serveFile(w http.ResponseWriter, r *http.Request) {
	name, content, err := e.download(r)
	if err != nil {
		WriteRefusal(w, err, "kebab")
		return
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": name}))
	header.Set("Cache-Control", "private, no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox") // what was uploaded may be a page
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// download finds the file that a link leads to.
func (e *Engine) download(r *http.Request) (name string, content []byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	token := r.URL.Query().Get("access_token")
	if rest, old := strings.CutPrefix(r.URL.Path, oldFilesBase); old {
		if env, _, err := e.authenticate(&request{Request: r, now: e.clock.Now()}); env == nil || err != nil {
			return "", nil, err
		}
		token, _, _ = strings.Cut(rest, "/")
	}
	t, err := e.readFileToken(token)
	switch {
	case err != nil:
		return "", nil, err
	case path.Base(r.URL.Path) != path.Base(t.Name):
		return "", nil, Forbidden("the access token is for another file")
	case e.clock.Now().Unix() >= t.Expires:
		return "", nil, Forbidden("the access token has expired: retrieve the resource again")
	}
	content = fileOwnedBy(e.environments[catalog.Environment(t.Environment)].Get(t.Owner), t.Name)
	if len(content) == 0 {
		return "", nil, NotFound("the file is gone")
	}
	return path.Base(t.Name), content, nil
}

// readFileToken checks and decodes an access token.
func (e *Engine) readFileToken(token string) (t fileToken, err error) {
	text, mac, _ := strings.Cut(token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !hmac.Equal([]byte(mac), []byte(e.fileMAC(text))) || json.Unmarshal(claims, &t) != nil {
		return t, Forbidden("the access token is not valid")
	}
	return t, nil
}

// fileOwnedBy returns the content of an uploaded file, or of a sample of a resource. It is
// empty if there is none any more.
func fileOwnedBy(owner *storage.Resource, name string) []byte {
	var content []byte
	switch {
	case owner == nil || owner.Attributes["redacted-at"] != nil:
	case owner.Typ == "account" && FieldAt(owner.Attributes["fields"], "selfie_photo") == nil: // it was removed
	case owner.Typ == "file":
		content, _ = base64.StdEncoding.DecodeString(owner.Text(fileContent))
	case path.Ext(name) == ".pdf":
		content = samplePDF()
	default:
		content, _ = samples.ReadFile("samples/" + name)
	}
	return content
}
