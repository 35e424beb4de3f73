package conformance

import "strings"

// patch corrects an error in the document: the position, the correct value, and the reason.
// It is skipped if the position does not exist in a version. TestEveryPatchIsNeeded checks
// that no patch outlives its error.
type patch struct {
	at    string
	value any // nil removes the position
	add   bool
	why   string
}

func patches() []patch {
	patches := []patch{
		{
			at: "/components/schemas/list/anyOf", add: true,
			value: node{"$ref": "#/components/schemas/lists-strings"},
			why:   "GET /lists answers with lists of strings too, and there is a schema for them",
		},
		{
			at: "/components/schemas/list/discriminator/mapping/list~1string", value: "#/components/schemas/lists-strings",
			why: "as above",
		},
		{
			at: "/components/schemas/graph-query/properties/attributes/properties/stats/additionalProperties", value: true,
			why: "the schema of stats is closed and empty; what Persona counts is not described",
		},
		{
			at: "/components/schemas/verification-document/properties/attributes/allOf/1/properties/fields/additionalProperties", value: true,
			why: "what a document verification reads depends on its template; the schema is closed and empty",
		},
		{
			at:  "/components/schemas/inquiry/properties/attributes/required",
			why: "with fields[inquiry]=… an answer lacks what was not asked for; complete.go demands the rest",
		},
		{
			at:  "/components/schemas/api-version/enum",
			why: "versions 2021-05-14 and 2026-09-29 exist and are not listed",
		},
		{
			at: "/components/schemas/api-version/format", value: "date",
			why: "as above: a version is a date",
		},
		{
			at: "/components/parameters/pagination-query-params/schema/properties/size/type", value: "integer",
			why: "a page holds a whole number of resources",
		},
		{
			at: "/paths/~1accounts/post/responses/404", value: node{"$ref": "#/components/responses/not-found"},
			why: "an unknown account type is a 404, seen against the real sandbox in July 2026",
		},
		{
			at: "/paths/~1api-keys~1{api-key-id}/get/responses/404", value: node{"$ref": "#/components/responses/not-found"},
			why: "an unknown id is a 404 on every other read",
		},
		{
			at: "/paths/~1accounts~1{account-id}~1relations/get/parameters", add: true,
			value: node{"$ref": "#/components/parameters/pagination-query-params"},
			why:   "the answer's links page on with page[after], seen against the real sandbox in July 2026",
		},
	}
	for _, kind := range []string{
		"browser-fingerprints", "countries", "email-addresses", "geolocations", "government-id-numbers",
		"ip-addresses", "names", "phone-numbers", "strings",
	} {
		patches = append(patches, patch{
			at: "/components/schemas/lists-" + kind + "/properties/relationships/properties/list-items/properties/data/items",
			value: node{
				"type": "object", "additionalProperties": false, "required": []any{"type", "id"},
				"properties": node{"type": node{"type": "string"}, "id": node{"type": "string"}},
			},
			why: "the items of a list are linked by type and id; the schema allows only {}",
		})
	}
	return patches
}

// mend applies the patches.
func (d *Document) mend() {
	for _, p := range patches() {
		slash := strings.LastIndex(p.at, "/")
		parent, _ := d.at(p.at[:slash]).(node)
		key := unescape(p.at[slash+1:])
		switch {
		case parent == nil:
		case p.add:
			parent[key] = append(list(parent[key]), p.value)
		case p.value == nil:
			delete(parent, key)
		default:
			parent[key] = p.value
		}
	}
}
