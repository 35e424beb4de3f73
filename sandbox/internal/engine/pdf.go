package engine

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/pdf"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Printed answers with a PDF that shows a resource's attributes, those with a value.
func (c *Call) Printed(title string, r *storage.Resource) *Answer {
	attributes, _ := c.Engine.Render(r, RenderOptions{Version: c.Render.Version, Inflection: "kebab"})["attributes"].(map[string]any)
	return &Answer{pdf: pdf.PDF(title, slices.Concat([]string{"id: " + r.ID, "type: " + r.Typ}, pdf.Facts("", attributes))...)}
}
