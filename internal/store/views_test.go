package store_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/store"
)

// TestTheViewsAreDocumented compares docs/sql.md with the views.
func TestTheViewsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []store.View
	for _, section := range regexp.MustCompile(`(?m)^## `).Split(string(page), -1)[1:] {
		name, found := strings.CutPrefix(strings.SplitN(section, "\n", 2)[0], store.ViewPrefix)
		if !found {
			continue
		}
		v := store.View{Name: name}
		for _, row := range regexp.MustCompile(`(?m)^\| (\w+)(\*?) \| (\w+) \| .+ \|$`).FindAllStringSubmatch(section, -1) {
			if row[1] == "column" {
				continue
			}
			if row[2] == "*" {
				v.Since = row[1]
			}
			v.Columns = append(v.Columns, store.Column{Name: row[1], Type: store.ColumnType(row[3])})
		}
		documented = append(documented, v)
	}
	views := store.Views()
	if len(documented) != len(views) {
		t.Fatalf("%d views are documented, want %d", len(documented), len(views))
	}
	for i, v := range views {
		if d := documented[i]; d.Name != v.Name || d.Since != v.Since || !slices.Equal(d.Columns, v.Columns) {
			t.Errorf("documented is %+v\nwant %+v", d, v)
		}
		if !strings.Contains(string(page), store.ViewPrefix+v.Name+",") && !strings.Contains(string(page), store.ViewPrefix+v.Name+" TO reporting") {
			t.Errorf("the example of GRANT lacks %s", v.Name)
		}
	}
}
