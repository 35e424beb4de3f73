package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// maxRelated limits the objects of a timeline.
const maxRelated = 1000

// RelatedObjects implements [store.Timelines].
func (s *Store) RelatedObjects(ctx context.Context, env domain.Environment, reference string) ([]string, error) {
	own, err := s.SubjectObjects(ctx, env, reference)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	var ids []string
	for _, o := range own {
		ids = append(ids, o.Ref.ID)
	}
	const evidence = "(%[1]s LIKE 'verification/%%' OR %[1]s LIKE 'report/%%' OR %[1]s = 'inquiry-session')"
	rows, err := s.db.Query(ctx, `SELECT to_id FROM relations WHERE environment = $1 AND from_type IN ('inquiry', 'account', 'case') AND from_id `+s.db.In("$2")+" AND "+fmt.Sprintf(evidence, "to_type")+`
		UNION SELECT from_id FROM relations WHERE environment = $1 AND to_type IN ('inquiry', 'account') AND to_id `+s.db.In("$2")+" AND "+fmt.Sprintf(evidence, "from_type")+" ORDER BY 1 LIMIT $3",
		string(env), s.db.List(ids), maxRelated)
	related, err := collect(rows, err, func(rows Rows) (id string, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("find what belongs to a subject: %w", err)
	}
	ids = append(ids, related...)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// entry is a row of a source of a timeline. A source is ordered by sequence and part,
// greatest first.
type entry struct {
	store.Happening
	sequence int64
	part     int64 // the sequence of a delivery, whose sequence is that of its notification; 0 for other rows
}

// Timeline implements [store.Timelines]. From each source it reads one row more than the page
// can need, through an index, and merges them.
func (s *Store) Timeline(ctx context.Context, env domain.Environment, reference string, objects []string, from *store.TimelinePlace, limit int) (store.TimelinePage, error) {
	if from == nil {
		const newest = math.MaxInt64
		from = &store.TimelinePlace{Events: newest, Decisions: newest, Actions: newest, Audit: newest, Notifications: newest, Delivery: newest}
	}
	about := func(table, columns string, first int64) ([]entry, error) {
		return s.newestOf(ctx, env, table, columns, objects, first, limit+1)
	}
	events, err := about("events", "received_at, 'event', id, object_type, object_id, name, state, reason, '', 0", from.Events)
	if err != nil {
		return store.TimelinePage{}, err
	}
	decisions, err := about("decisions", "decided_at, 'decision', id, object_type, object_id, rule, result, explanation, '', 0", from.Decisions)
	if err != nil {
		return store.TimelinePage{}, err
	}
	actions, err := about("actions", "created_at, 'action', id, object_type, object_id, kind, state, outcome, '', attempts", from.Actions)
	if err != nil {
		return store.TimelinePage{}, err
	}
	trail, err := about("audit", "at, CASE WHEN what = 'object.moved' THEN 'transition' ELSE 'audit' END, CAST(sequence AS TEXT), object_type, object_id, what, '', detail, actor, 0", from.Audit)
	if err != nil {
		return store.TimelinePage{}, err
	}
	told, err := s.told(ctx, env, reference, *from, limit+1)
	if err != nil {
		return store.TimelinePage{}, err
	}
	page := store.TimelinePage{Rows: merge(limit, &events, &decisions, &actions, &trail, &told)}
	if len(events)+len(decisions)+len(actions)+len(trail)+len(told) > 0 {
		page.Next = &store.TimelinePlace{Events: next(events).sequence, Decisions: next(decisions).sequence, Actions: next(actions).sequence, Audit: next(trail).sequence}
		page.Next.Notifications, page.Next.Delivery = next(told).sequence, next(told).part
	}
	return page, nil
}

// newestOf reads the newest rows of a table about objects, down from a sequence. It returns up
// to limit rows.
func (s *Store) newestOf(ctx context.Context, env domain.Environment, table, columns string, objects []string, first int64, limit int) ([]entry, error) {
	if first <= 0 {
		return nil, nil
	}
	var err error
	if len(objects) > limit { // one with an older newest row than limit others has no row to return
		if objects, err = s.newestObjects(ctx, env, table, objects, first, limit); err != nil {
			return nil, err
		}
	}
	rows, err := s.db.Newest(ctx, env, table, "sequence, 0, "+columns, objects, first, limit)
	found, err := collectEntries(rows, err)
	slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(b.sequence, a.sequence) })
	return found[:min(len(found), limit)], err
}

// newestObjects returns the objects with the newest rows in a table.
func (s *Store) newestObjects(ctx context.Context, env domain.Environment, table string, objects []string, first int64, limit int) ([]string, error) {
	rows, err := s.db.Query(ctx, `WITH newest AS MATERIALIZED (
			SELECT about, (SELECT max(sequence) FROM `+table+` WHERE environment = $1 AND object_id = about AND object_id <> '' AND sequence <= $3) AS last
			FROM (SELECT value AS about FROM `+s.db.Each("$2")+`) AS given
		) SELECT about FROM newest WHERE last IS NOT NULL ORDER BY last DESC LIMIT $4`, string(env), s.db.List(objects), first, limit)
	found, err := collect(rows, err, func(rows Rows) (id string, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("read the timeline of a subject: %w", err)
	}
	return found, nil
}

// newestTold is the query of the newest notifications of a subject ($2), down from a sequence
// ($3), with their deliveries. Of the first notification, deliveries after $5 are left out.
const newestTold = `WITH page AS MATERIALIZED (
		SELECT * FROM notifications WHERE environment = $1 AND subject = $2 AND subject <> '' AND sequence <= $3 ORDER BY sequence DESC LIMIT $4
	)
	SELECT sequence, 0, created_at, 'notification', id, object_type, object_id, type, verdict, reason, '', 0 FROM page
	UNION ALL SELECT page.sequence, d.sequence, d.created_at, 'delivery', d.id, '', '', d.endpoint, d.state, d.notification, '', d.attempts
		FROM page CROSS JOIN deliveries AS d WHERE d.environment = $1 AND d.notification = page.id AND (page.sequence < $3 OR d.sequence <= $5)
	ORDER BY 1 DESC, 2 DESC LIMIT $4`

// told reads notifications of a subject, with their deliveries.
func (s *Store) told(ctx context.Context, env domain.Environment, reference string, from store.TimelinePlace, limit int) ([]entry, error) {
	if from.Notifications <= 0 {
		return nil, nil
	}
	return collectEntries(s.db.Query(ctx, newestTold, string(env), reference, from.Notifications, limit, from.Delivery))
}

func collectEntries(rows Rows, err error) ([]entry, error) {
	found, err := collect(rows, err, func(rows Rows) (e entry, err error) {
		var at int64
		err = rows.Scan(&e.sequence, &e.part, &at, &e.Kind, &e.ID, &e.Object.Type, &e.Object.ID, &e.Name, &e.State, &e.Detail, &e.Actor, &e.Attempts)
		e.At = moment(at)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline of a subject: %w", err)
	}
	return found, nil
}

// merge takes up to limit entries from sources: again and again the one that is newest of
// those that are next in their sources. So pages of any size have the same order.
func merge(limit int, sources ...*[]entry) []store.Happening {
	var taken []store.Happening
	for len(taken) < limit {
		var from *[]entry
		for _, source := range sources {
			if len(*source) > 0 && (from == nil || newer((*source)[0], (*from)[0])) {
				from = source
			}
		}
		if from == nil {
			break
		}
		taken = append(taken, (*from)[0].Happening)
		*from = (*from)[1:]
	}
	return taken
}

func newer(a, b entry) bool {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID)) > 0
}

// next returns the next entry of a source, or a zero one.
func next(source []entry) entry {
	if len(source) == 0 {
		return entry{}
	}
	return source[0]
}
