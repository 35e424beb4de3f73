package engine

import (
	"path"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
)

// blocklist says which attributes to remove (Persona docs: Webhook attribute blocklists).
type blocklist []blockEntry

// blockEntry is one entry of a blocklist: a key anywhere, or a path in the attributes of data
// or included. An asterisk matches any text.
type blockEntry struct {
	exempt bool
	part   string   // data, included or *
	typ    string   // "" for every type of resource
	path   []string // below attributes
	simple bool     // path is one key, which matches anywhere
}

func newBlocklist(entries []any) blocklist {
	var list blocklist
	for _, entry := range entries {
		text, _ := entry.(string)
		var b blockEntry
		text, b.exempt = strings.CutPrefix(text, "!")
		if qualified, ok := strings.CutPrefix(text, "/"); ok {
			qualified, query, _ := strings.Cut(qualified, "?")
			b.typ = strings.TrimPrefix(query, "type=")
			segments := strings.Split(qualified, "/")
			if len(segments) < 3 || segments[1] != "attributes" {
				continue
			}
			b.part, b.path = segments[0], segments[2:]
		} else {
			b.part, b.path, b.simple = "*", []string{text}, true
		}
		for i := range b.path {
			b.path[i] = casing.Kebab(b.path[i])
		}
		list = append(list, b)
	}
	return list
}

// apply removes the attributes from a document.
func (l blocklist) apply(payload map[string]any) {
	if len(l) == 0 {
		return
	}
	switch data := payload["data"].(type) {
	case map[string]any:
		l.prune("data", data)
	case []any: // a list
		for _, r := range data {
			l.prune("data", r.(map[string]any))
		}
	}
	included, _ := payload["included"].([]any)
	for _, r := range included {
		l.prune("included", r.(map[string]any))
	}
}

// prune removes the attributes from a resource in a part of a document.
func (l blocklist) prune(part string, resource map[string]any) {
	typ, _ := resource["type"].(string)
	var walk func(at []string, object map[string]any) map[string]any
	walk = func(at []string, object map[string]any) map[string]any {
		kept := map[string]any{}
		for key, value := range object {
			here := append(slices.Clone(at), casing.Kebab(key))
			if l.blocks(part, typ, here) {
				continue
			}
			if inner, ok := value.(map[string]any); ok {
				value = walk(here, inner)
			}
			kept[key] = value
		}
		return kept
	}
	if attributes, ok := resource["attributes"].(map[string]any); ok {
		resource["attributes"] = walk(nil, attributes)
	}
}

// blocks reports whether to remove a key. An exemption overrides all other entries.
func (l blocklist) blocks(part, typ string, at []string) bool {
	blocked := false
	for _, b := range l {
		if b.matches(part, typ, at) {
			if b.exempt {
				return false
			}
			blocked = true
		}
	}
	return blocked
}

func (b blockEntry) matches(part, typ string, at []string) bool {
	if b.part != "*" && b.part != part || b.typ != "" && b.typ != typ {
		return false
	}
	if b.simple {
		at = at[len(at)-1:]
	}
	return slices.EqualFunc(b.path, at, func(pattern, key string) bool {
		ok, err := path.Match(pattern, key)
		return ok && err == nil
	})
}
