package postgres_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/storetest"
)

func TestTheViewsHaveTheirColumnsAlsoWhenTablesChange(t *testing.T) {
	db := open(t, server.Database(t)).Pool()
	types := map[store.ColumnType]string{store.Text: "text", store.Number: "bigint", store.Flag: "boolean", store.Moment: "timestamp with time zone"}
	check := func(when string) {
		for _, v := range store.Views() {
			rows, err := db.Query(t.Context(), "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", store.ViewPrefix+v.Name)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for rows.Next() {
				var name, typ string
				if err := rows.Scan(&name, &typ); err != nil {
					t.Fatal(err)
				}
				got = append(got, name+" "+typ)
			}
			for _, column := range v.Columns {
				want = append(want, column.Name+" "+types[column.Type])
			}
			if rows.Err() != nil || !slices.Equal(got, want) {
				t.Errorf("%s, the view %s has the columns %v, want %v", when, v.Name, got, want)
			}
			if _, err := db.Exec(t.Context(), "SELECT * FROM "+store.ViewPrefix+v.Name); err != nil {
				t.Errorf("%s, the view %s is broken: %v", when, v.Name, err)
			}
		}
	}
	check("after the migrations")
	if _, err := db.Exec(t.Context(), storetest.ExampleQuery(t)); err != nil {
		t.Errorf("the example in docs/sql.md: %v", err)
	}
	for _, change := range []string{
		"ALTER TABLE subjects ADD COLUMN verdict_text TEXT", "ALTER TABLE subjects RENAME COLUMN since TO changed_at", "ALTER TABLE objects RENAME COLUMN as_of TO of",
		"ALTER TABLE decisions ADD COLUMN rule_id TEXT", "ALTER TABLE events RENAME TO inbox",
	} {
		if _, err := db.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	check("after changes of tables")
	if _, err := db.Exec(t.Context(), "ALTER TABLE subjects DROP COLUMN version"); err == nil {
		t.Error("a migration could take a column away from a view")
	}
	for _, v := range store.Views() {
		if _, err := db.Exec(t.Context(), "DELETE FROM "+store.ViewPrefix+v.Name); err == nil {
			t.Errorf("the view %s can be changed", v.Name)
		}
		if _, err := db.Exec(t.Context(), "UPDATE "+store.ViewPrefix+v.Name+" SET environment = 'x'"); err == nil {
			t.Errorf("the view %s can be changed", v.Name)
		}
	}
}

func TestALongQueryDelaysNoOther(t *testing.T) {
	url := server.Database(t)
	db := open(t, url)
	// A query of all events goes on, as an export does.
	tx, err := db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), "SELECT count(*) FROM idem_events"); err != nil {
		t.Fatal(err)
	}
	if err := db.Partition(t.Context(), time.Now().AddDate(1, 0, 0)); err == nil {
		t.Error("a partition was made although a query holds its lock")
	}
	if _, err := db.Prune(t.Context(), time.Now().AddDate(1, 0, 0)); err == nil {
		t.Error("a partition was dropped although a query reads it")
	}
	if _, err := db.AppendEvents(t.Context(), []domain.Event{{Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.created", ReceivedAt: time.Now(), State: domain.EventWaiting}}); err != nil {
		t.Error(err)
	}
}
