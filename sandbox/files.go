package sandbox

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
)

// Files are behind addresses with a token, which everyone can use until it expires
// (Persona docs: Downloading files). A stored resource holds no address but a mark;
// each answer and each webhook mints the addresses it shows.

const (
	filesBase    = "/files/"
	oldFilesBase = "/api/v1/files/" // before 2023-01-05, with an API key
	fileMark     = "\x00file/"      // what a mark starts with, before owner and name
	fileContent  = "_content"       // base64, of a file that was uploaded
)

// samples are the photos that simulated verifications come with: ours, and of nobody.
//
//go:embed samples/*.jpg
var samples embed.FS

// fileAccess is what the addresses of an answer or a webhook are made with. The zero
// one makes none.
type fileAccess struct {
	environment string
	life        time.Duration
}

func accessOf(env *environment, r *resource) fileAccess {
	return fileAccess{env.name, r.duration("file-access-token-expires-in")}
}

// fileToken is what an access token says.
type fileToken struct {
	Environment string `json:"environment"`
	Owner       string `json:"owner"` // the file that was uploaded, or the resource that has a sample
	Name        string `json:"name"`
	Expires     int64  `json:"expires"`
}

// file takes over a file of a request: one at a path, of base64 data and a filename.
func (c *call) file(path string, given map[string]any) (map[string]any, error) {
	data, err := base64.StdEncoding.DecodeString(textOf(given["data"]))
	if err != nil || len(data) == 0 || textOf(given["filename"]) == "" {
		return nil, badRequest(path + " must hold data in base64, and a filename")
	}
	name := textOf(given["filename"])
	stored := c.create("file", "file", map[string]any{fileContent: base64.StdEncoding.EncodeToString(data)}, nil)
	return fileOf(stored.id, name, len(data)), nil
}

func fileOf(owner, name string, size int) map[string]any {
	return map[string]any{"filename": name, "url": markOf(owner, name), "byte-size": size}
}

func markOf(owner, name string) string { return fileMark + owner + "/" + name }

// forgetFiles removes what was uploaded for a resource, from attributes of it.
func (c *change) forgetFiles(v any) {
	switch v := v.(type) {
	case string:
		mark, ok := strings.CutPrefix(v, fileMark)
		owner, _, _ := strings.Cut(mark, "/")
		if stored := c.edit(owner); ok && stored != nil && stored.typ == "file" {
			stored.attributes = map[string]any{"created-at": stored.attributes["created-at"]}
		}
	case map[string]any:
		for _, inner := range v {
			c.forgetFiles(inner)
		}
	case []any:
		for _, inner := range v {
			c.forgetFiles(inner)
		}
	}
}

// hasFiles reports whether resources of a family may hold marks.
func hasFiles(family string) bool {
	return slices.Contains([]string{"account", "case", "document", "document-file", "selfie", "verification"}, family)
}

// linked puts addresses into the place of marks.
func (s *Sandbox) linked(v any, f form) any {
	switch v := v.(type) {
	case string:
		if mark, ok := strings.CutPrefix(v, fileMark); ok {
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

func (s *Sandbox) fileURL(owner, name string, f form) string {
	claims, _ := json.Marshal(fileToken{f.files.environment, owner, name, s.clock.now().Add(f.files.life).Unix()}) // texts and a number
	text := base64.RawURLEncoding.EncodeToString(claims)
	token := text + "." + s.fileMAC(text)
	if f.version < "2023-01-05" {
		return s.address + oldFilesBase + token + "/" + url.PathEscape(path.Base(name))
	}
	return s.address + filesBase + url.PathEscape(path.Base(name)) + "?access_token=" + token
}

func (s *Sandbox) fileMAC(text string) string {
	mac := hmac.New(sha256.New, s.signing)
	mac.Write([]byte("file " + text)) // session tokens have the same key
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// serveFile answers a download.
func (s *Sandbox) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	name, content, err := s.download(r)
	s.mu.Unlock()
	if err != nil {
		writeRefusal(w, err, "kebab")
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
func (s *Sandbox) download(r *http.Request) (name string, content []byte, err error) {
	token := r.URL.Query().Get("access_token")
	if rest, old := strings.CutPrefix(r.URL.Path, oldFilesBase); old {
		if env, _, err := s.authenticate(r, nil, nil, nil, s.clock.now()); env == nil || err != nil {
			return "", nil, err
		}
		token, _, _ = strings.Cut(rest, "/")
	}
	text, mac, _ := strings.Cut(token, ".")
	var t fileToken
	claims, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !hmac.Equal([]byte(mac), []byte(s.fileMAC(text))) || json.Unmarshal(claims, &t) != nil {
		return "", nil, forbidden("the access token is not valid")
	}
	if path.Base(r.URL.Path) != path.Base(t.Name) {
		return "", nil, forbidden("the access token is for another file")
	}
	if s.clock.now().Unix() >= t.Expires {
		return "", nil, forbidden("the access token has expired: retrieve the resource again")
	}
	owner := s.environments[t.Environment].get(t.Owner)
	switch {
	case owner == nil || owner.attributes["redacted-at"] != nil:
		return "", nil, notFound("the file is gone")
	case owner.typ == "file":
		if content, err = base64.StdEncoding.DecodeString(owner.text(fileContent)); err != nil || len(content) == 0 {
			return "", nil, notFound("the file is gone")
		}
	case path.Ext(t.Name) == ".pdf":
		content = samplePDF()
	default:
		if content, err = samples.ReadFile("samples/" + t.Name); err != nil {
			return "", nil, notFound("the file is gone")
		}
	}
	return path.Base(t.Name), content, nil
}

// samplePDF is the document that a simulated verification comes with.
func samplePDF() []byte {
	return pdf("Utility bill", "Alexander J Sample", "600 California Street", "San Francisco, CA 94109")
}

// sample is a sample file of a resource.
func sample(owner, name string) map[string]any {
	if name == "document.pdf" {
		return fileOf(owner, name, len(samplePDF()))
	}
	content, _ := samples.ReadFile("samples/" + name) // embedded
	return fileOf(owner, name, len(content))
}

// portrait is the face on an ID.
const portrait = "center_photo.jpg"

// submitted are the files that a person submits with a verification, a document or a
// selfie.
func submitted(typ, owner string) map[string]any {
	photos := func(names ...string) []any {
		list := []any{}
		for _, name := range names {
			photo := sample(owner, name+".jpg")
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
			"front-photo-url": markOf(owner, "front_photo.jpg"), "back-photo-url": markOf(owner, "back_photo.jpg"),
			"photo-urls": photos("front_photo", "back_photo"), "capture-method": "upload",
			"selfie-photo": sample(owner, portrait), "selfie-photo-url": markOf(owner, portrait),
		}
	case "verification/government-id-nfc":
		photo := sample(owner, portrait)
		delete(photo, "filename") // this one has none (OpenAPI 2025-12-08)
		return map[string]any{"selfie-photo": photo, "selfie-photo-url": markOf(owner, portrait)}
	case "verification/selfie":
		return map[string]any{
			"left-photo-url": markOf(owner, "left_photo.jpg"), "center-photo-url": markOf(owner, "center_photo.jpg"), "right-photo-url": markOf(owner, "right_photo.jpg"),
			"photo-urls": photos("left_photo", "center_photo", "right_photo"), "capture-method": "upload",
		}
	case "verification/document", "document/generic":
		return map[string]any{"files": []any{sample(owner, "document.pdf")}, "files-normalized": []any{sample(owner, "document.pdf")}}
	case "document/government-id":
		return map[string]any{"front-photo": sample(owner, "front_photo.jpg"), "back-photo": sample(owner, "back_photo.jpg"), "selfie-photo": sample(owner, portrait)}
	}
	return nil
}

// originals are the files that a document of a type was made from, one for each of its
// document files.
func originals(typ string) []string {
	switch typ {
	case "document/generic":
		return []string{"document.pdf"}
	case "document/government-id":
		return []string{"front_photo.jpg", "back_photo.jpg"}
	}
	return nil
}
