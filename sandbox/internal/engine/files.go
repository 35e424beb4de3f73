package engine

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/pdf"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Files are behind addresses with a token, which everyone can use until it expires
// (Persona docs: Downloading files). A stored resource holds no address but a mark;
// each answer and each webhook mints the addresses it shows.

const (
	FilesBase    = "/files/"
	oldFilesBase = "/api/v1/files/" // before 2023-01-05, with an API key
	fileContent  = "_content"       // base64, of a file that was uploaded
)

// samples are the photos that simulated verifications come with: ours, and of nobody.
//
//go:embed samples/*.jpg
var samples embed.FS

// FileAccess is what the addresses of an answer or a webhook are made with. The zero
// one makes none.
type FileAccess struct {
	Environment string
	Life        time.Duration
}

func accessOf(env *Environment, r *storage.Resource) FileAccess {
	return FileAccess{env.Name, r.Duration("file-access-token-expires-in")}
}

// fileToken is what an access token says.
type fileToken struct {
	Environment string `json:"environment"`
	Owner       string `json:"owner"` // the file that was uploaded, or the resource that has a sample
	Name        string `json:"name"`
	Expires     int64  `json:"expires"`
}

// File takes over a file of a request: one at a path, of base64 data and a filename.
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

// ForgetFiles removes what was uploaded for a resource, from attributes of it.
func (c *Change) ForgetFiles(v any) {
	switch v := v.(type) {
	case string:
		mark, ok := strings.CutPrefix(v, storage.FileMark)
		owner, _, _ := strings.Cut(mark, "/")
		if stored := c.Edit(owner); ok && stored != nil && stored.Typ == "file" {
			stored.Attributes = map[string]any{"created-at": stored.Attributes["created-at"]}
		}
	case map[string]any:
		for _, inner := range v {
			c.ForgetFiles(inner)
		}
	case []any:
		for _, inner := range v {
			c.ForgetFiles(inner)
		}
	}
}

// hasFiles reports whether resources of a family may hold marks.
func hasFiles(family string) bool {
	return slices.Contains([]string{"account", "case", "document", "document-file", "selfie", "verification"}, family)
}

// linked puts addresses into the place of marks.
func (s *Engine) linked(v any, f RenderOptions) any {
	switch v := v.(type) {
	case string:
		if mark, ok := strings.CutPrefix(v, storage.FileMark); ok {
			owner, name, _ := strings.Cut(mark, "/")
			return s.fileURL(owner, name, f)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = s.linked(inner, f)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = s.linked(inner, f)
		}
		return out
	}
	return v
}

func (s *Engine) fileURL(owner, name string, f RenderOptions) string {
	claims, _ := json.Marshal(fileToken{f.Files.Environment, owner, name, s.Clock.Now().Add(f.Files.Life).Unix()}) // texts and a number
	text := base64.RawURLEncoding.EncodeToString(claims)
	token := text + "." + s.fileMAC(text)
	if f.Version < "2023-01-05" {
		return s.address + oldFilesBase + token + "/" + url.PathEscape(path.Base(name))
	}
	return s.address + FilesBase + url.PathEscape(path.Base(name)) + "?access_token=" + token
}

func (s *Engine) fileMAC(text string) string {
	mac := hmac.New(sha256.New, s.Signing)
	mac.Write([]byte("file " + text)) // session tokens have the same key
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// serveFile answers a download.
func (s *Engine) serveFile(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	name, content, err := s.download(r)
	s.Mu.Unlock()
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

// download finds the file that an address leads to. The caller holds the lock.
func (s *Engine) download(r *http.Request) (name string, content []byte, err error) {
	token := r.URL.Query().Get("access_token")
	if rest, old := strings.CutPrefix(r.URL.Path, oldFilesBase); old {
		if env, _, err := s.authenticate(r, nil, nil, nil, s.Clock.Now()); env == nil || err != nil {
			return "", nil, err
		}
		token, _, _ = strings.Cut(rest, "/")
	}
	text, mac, _ := strings.Cut(token, ".")
	var t fileToken
	claims, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !hmac.Equal([]byte(mac), []byte(s.fileMAC(text))) || json.Unmarshal(claims, &t) != nil {
		return "", nil, Forbidden("the access token is not valid")
	}
	if path.Base(r.URL.Path) != path.Base(t.Name) {
		return "", nil, Forbidden("the access token is for another file")
	}
	if s.Clock.Now().Unix() >= t.Expires {
		return "", nil, Forbidden("the access token has expired: retrieve the resource again")
	}
	owner := s.Environments[t.Environment].Get(t.Owner)
	switch {
	case owner == nil || owner.Attributes["redacted-at"] != nil:
		return "", nil, NotFound("the file is gone")
	case owner.Typ == "file":
		if content, err = base64.StdEncoding.DecodeString(owner.Text(fileContent)); err != nil || len(content) == 0 {
			return "", nil, NotFound("the file is gone")
		}
	case path.Ext(t.Name) == ".pdf":
		content = samplePDF()
	default:
		if content, err = samples.ReadFile("samples/" + t.Name); err != nil {
			return "", nil, NotFound("the file is gone")
		}
	}
	return path.Base(t.Name), content, nil
}

// samplePDF is the document that a simulated verification comes with.
func samplePDF() []byte {
	return pdf.PDF("Utility bill", "Alexander J Sample", "600 California Street", "San Francisco, CA 94109")
}

// Sample is a sample file of a resource.
func Sample(owner, name string) map[string]any {
	if name == "document.pdf" {
		return fileOf(owner, name, len(samplePDF()))
	}
	content, _ := samples.ReadFile("samples/" + name) // embedded
	return fileOf(owner, name, len(content))
}

// portrait is the face on an ID.
const portrait = "center_photo.jpg"

// Submitted are the files that a person submits with a verification, a document or a
// selfie.
func Submitted(typ, owner string) map[string]any {
	photos := func(names ...string) []any {
		list := []any{}
		for _, name := range names {
			photo := Sample(owner, name+".jpg")
			photo["page"] = name
			if page, id := strings.CutSuffix(name, "_photo"); id && typ == "verification/government-id" {
				photo["page"], photo["normalized-url"], photo["original-urls"] = page, photo["url"], []any{photo["url"]}
			}
			list = append(list, photo)
		}
		return list
	}
	switch typ {
	case "verification/government-id":
		return map[string]any{
			"front-photo-url": storage.MarkOf(owner, "front_photo.jpg"), "back-photo-url": storage.MarkOf(owner, "back_photo.jpg"),
			"photo-urls": photos("front_photo", "back_photo"), "capture-method": "upload",
			"selfie-photo": Sample(owner, portrait), "selfie-photo-url": storage.MarkOf(owner, portrait),
		}
	case "verification/government-id-nfc":
		photo := Sample(owner, portrait)
		delete(photo, "filename") // this one has none (OpenAPI 2025-12-08)
		return map[string]any{"selfie-photo": photo, "selfie-photo-url": storage.MarkOf(owner, portrait)}
	case "verification/selfie":
		return map[string]any{
			"left-photo-url": storage.MarkOf(owner, "left_photo.jpg"), "center-photo-url": storage.MarkOf(owner, "center_photo.jpg"), "right-photo-url": storage.MarkOf(owner, "right_photo.jpg"),
			"photo-urls": photos("left_photo", "center_photo", "right_photo"), "capture-method": "upload",
		}
	case "verification/document", "document/generic":
		return map[string]any{"files": []any{Sample(owner, "document.pdf")}, "files-normalized": []any{Sample(owner, "document.pdf")}}
	case "document/government-id":
		return map[string]any{"front-photo": Sample(owner, "front_photo.jpg"), "back-photo": Sample(owner, "back_photo.jpg"), "selfie-photo": Sample(owner, portrait)}
	}
	return nil
}

// Originals are the files that a document of a type was made from, one for each of its
// document files.
func Originals(typ string) []string {
	switch typ {
	case "document/generic":
		return []string{"document.pdf"}
	case "document/government-id":
		return []string{"front_photo.jpg", "back_photo.jpg"}
	}
	return nil
}
