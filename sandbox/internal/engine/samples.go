package engine

import (
	"embed"
	"strings"
	"sync"

	"github.com/idemhq/idem/sandbox/internal/pdf"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// samples are the photos of simulated verifications. They show no real person.
//
//go:embed samples/*.jpg
var samples embed.FS

// samplePDF returns the document of a simulated verification.
func samplePDF() []byte {
	return pdf.Document("Utility bill", "Alexander J Sample", "600 California Street", "San Francisco, CA 94109")
}

// sampleSizes returns the sizes of the samples by name, in bytes.
var sampleSizes = sync.OnceValue(func() map[string]int {
	sizes := map[string]int{"document.pdf": len(samplePDF())}
	photos, _ := samples.ReadDir("samples") // embedded
	for _, photo := range photos {
		info, _ := photo.Info()
		sizes[photo.Name()] = int(info.Size())
	}
	return sizes
})

// Sample returns the attributes of a sample file of a resource.
func Sample(owner, name string) map[string]any {
	return fileOf(owner, name, sampleSizes()[name])
}

// portrait is the photo of the face on an ID.
const portrait = "center_photo.jpg"

// SamplePortrait returns the attributes of the photo of the face of an account's person.
func SamplePortrait(account string) map[string]any { return Sample(account, portrait) }

// SampleFiles returns the attributes with the files that a person submits for a type of
// verification, document or selfie.
func SampleFiles(typ, owner string) map[string]any {
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
			"front-photo-url": storage.MarkOf(owner, "front_photo.jpg"), "photo-urls": photos("front_photo"), "capture-method": "upload",
			"selfie-photo": Sample(owner, portrait), "selfie-photo-url": storage.MarkOf(owner, portrait),
		}
	case "verification/government-id-nfc":
		photo := Sample(owner, portrait)
		delete(photo, "filename") // this one has none (OpenAPI 2025-12-08)
		return map[string]any{"selfie-photo": photo, "selfie-photo-url": storage.MarkOf(owner, portrait)}
	case "verification/selfie":
		return map[string]any{
			"left-photo-url": storage.MarkOf(owner, "left_photo.jpg"), "center-photo-url": storage.MarkOf(owner, "center_photo.jpg"), "right-photo-url": storage.MarkOf(owner, "right_photo.jpg"),
			"photo-urls": photos("left_photo", "center_photo", "right_photo"), "capture-method": "photo",
		}
	case "verification/document", "document/generic":
		return map[string]any{"files": []any{Sample(owner, "document.pdf")}, "files-normalized": []any{Sample(owner, "document.pdf")}}
	case "document/government-id":
		return map[string]any{"front-photo": Sample(owner, "front_photo.jpg"), "selfie-photo": Sample(owner, portrait)}
	}
	return nil
}

// SampleOriginals returns the names of the files that a type of document consists of, one
// for each of its document files.
func SampleOriginals(typ string) []string {
	switch typ {
	case "document/generic":
		return []string{"document.pdf"}
	case "document/government-id":
		return []string{"front_photo.jpg"}
	}
	return nil
}
