package simulation

import (
	"fmt"
	"path/filepath"

	"github.com/idemhq/idem/internal/store/sqlite"
)

func (w *world) dump() {
	db, err := sqlite.Open(w.t.Context(), filepath.Join(w.config.Data, "idem.db"))
	must(w.t, err)
	defer db.Close()
	rows, err := db.Writer().Query("SELECT id, kind, queue, state, attempt, scheduled_at, attempted_at, finalized_at, CAST(args AS TEXT), CAST(errors AS TEXT) FROM river_job ORDER BY id DESC LIMIT 30")
	must(w.t, err)
	defer rows.Close()
	for rows.Next() {
		v := make([]any, 10)
		p := make([]any, 10)
		for i := range v {
			p[i] = &v[i]
		}
		must(w.t, rows.Scan(p...))
		fmt.Println(v...)
	}
}
