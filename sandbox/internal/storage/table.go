package storage

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"
)

// table holds the resources of one family in the order of their creation. The row of a
// resource never changes.
type table struct {
	entries []string    // encoded
	objects []string    // encoded; the objects of events
	dropped int         // how many of the oldest were removed: the row of entries[0]
	live    []*Resource // decoded, for families with few resources that are read often; else nil
	kept    int         // the maximum number; 0 for no limit
}

// rowID identifies the row of a resource.
type rowID struct {
	family uint16 // the number of its table
	at     uint32
}

// Tables holds all resources of an environment. It is not safe for concurrent use.
type Tables struct {
	codec    *codec
	rows     map[string]rowID // by id
	families []string
	tables   []*table // by the number of the family
	numbers  map[string]uint16
	indexed  map[uint64][]uint32 // rows, by the hash of family and value
	seed     maphash.Seed
}

// keptLogs is how many entries of the API log are kept: the latest.
const keptLogs = 10_000

// NewTables returns empty tables.
func NewTables() *Tables {
	return &Tables{
		codec: newCodec(), rows: map[string]rowID{}, numbers: map[string]uint16{}, indexed: map[uint64][]uint32{}, seed: maphash.MakeSeed(),
	}
}

// table returns the table of a family, and its number.
func (s *Tables) table(family string) (*table, uint16) {
	number, ok := s.numbers[family]
	if !ok {
		number = uint16(len(s.tables))
		s.numbers[family] = number
		s.families = append(s.families, family)
		made := &table{}
		switch family {
		case "api-key", "webhook", "inquiry-template", "case-template", "account-type", "transaction-type":
			made.live = []*Resource{}
		case "api-log":
			made.kept = keptLogs
		}
		s.tables = append(s.tables, made)
	}
	return s.tables[number], number
}

// Families returns the families that have, or had, a resource.
func (s *Tables) Families() []string { return s.families }

// Put stores a resource, new or changed.
func (s *Tables) Put(r *Resource) { s.put(r, false) }

// PutEvent stores an event. Its object is as it was, or as the resource is that was stored last
// with this id, which need not be compared then.
func (s *Tables) PutEvent(event *Resource, isStored bool) { s.put(event, isStored) }

func (s *Tables) put(r *Resource, objectIsStored bool) {
	table, family := s.table(r.Family())
	encoded := s.codec.encode(r)
	at, known := s.rows[r.ID]
	if !known {
		at = rowID{family, uint32(table.end())}
		s.rows[s.codec.idOf(encoded)] = at
		table.entries = append(table.entries, encoded)
		if table.live != nil {
			table.live = append(table.live, nil)
		}
		if r.Object != nil {
			table.objects = append(table.objects, s.encodeObject(r.Object, objectIsStored))
		}
	}
	table.entries[int(at.at)-table.dropped] = encoded
	if table.live != nil {
		table.live[at.at] = r.Clone()
	}
	s.index(r, at.at)
	if table.kept > 0 && len(table.entries) > table.kept {
		delete(s.rows, s.codec.idOf(table.entries[0]))
		table.entries[0] = ""
		table.entries, table.dropped = table.entries[1:], table.dropped+1
	}
}

// encodeObject encodes the object of an event. If the resource is stored in the same state,
// both share one string.
func (s *Tables) encodeObject(object *Resource, isStored bool) string {
	now := ""
	if at, known := s.rows[object.ID]; known {
		table := s.tables[at.family]
		now = table.entries[int(at.at)-table.dropped]
	}
	if isStored && now != "" {
		return now
	}
	if encoded := s.codec.encode(object); encoded != now {
		return encoded
	}
	return now
}

// index adds a resource to the index of the values that it is looked up by.
func (s *Tables) index(r *Resource, at uint32) {
	for _, value := range indexedBy(r) {
		key := s.key(r.Family(), value)
		if !slices.Contains(s.indexed[key], at) {
			s.indexed[key] = append(s.indexed[key], at)
		}
	}
}

// indexedBy returns the ids and reference ids that a resource is looked up by.
func indexedBy(r *Resource) []string {
	switch r.Family() {
	case "inquiry":
		return slices.DeleteFunc([]string{r.One("account"), r.Text("reference-id")}, func(s string) bool { return s == "" })
	case "inquiry-session":
		return []string{r.One("inquiry")}
	case "event":
		return []string{r.Object.ID}
	case "case":
		var ids []string
		for _, objects := range []string{"accounts", "inquiries", "reports", "txns", "verifications"} {
			for _, object := range r.Many(objects) {
				ids = append(ids, object.ID)
			}
		}
		return ids
	default:
		return nil
	}
}

func (s *Tables) key(family, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.WriteString(family) // never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(value)
	return h.Sum64()
}

// Get returns a resource to read, or nil.
func (s *Tables) Get(id string) *Resource {
	at, ok := s.rows[id]
	if !ok {
		return nil
	}
	return s.at(s.tables[at.family], int(at.at))
}

// Edit returns a copy of a resource to change, or nil. See [Resource.Clone].
func (s *Tables) Edit(id string) *Resource {
	at, ok := s.rows[id]
	if !ok {
		return nil
	}
	table := s.tables[at.family]
	r := s.at(table, int(at.at))
	if table.live != nil {
		return r.Clone()
	}
	return r // decoding made it
}

// at returns the resource of a row.
func (s *Tables) at(table *table, at int) *Resource {
	if table.live != nil {
		return table.live[at]
	}
	r := s.codec.decode(table.entries[at-table.dropped])
	if table.objects != nil {
		r.Object = s.codec.decode(table.objects[at])
	}
	return r
}

// end returns the row of the next resource.
func (s *table) end() int { return s.dropped + len(s.entries) }

// Count returns the number of resources of a family.
func (s *Tables) Count(family string) int {
	table, _ := s.table(family)
	return len(table.entries)
}

// All yields the resources of a family, oldest first, without those that are created
// meanwhile.
func (s *Tables) All(family string) iter.Seq[*Resource] { return s.Newer(family, "") }

// Newest yields the resources of a family, newest first.
func (s *Tables) Newest(family string) iter.Seq[*Resource] { return s.Older(family, "") }

// Newer yields the resources of a family that were created after one of them, or all if than
// is empty, oldest first. If there are values, it yields only those that are or were indexed
// by one of them.
func (s *Tables) Newer(family, than string, values ...string) iter.Seq[*Resource] {
	table, _ := s.table(family)
	from, end := table.dropped, table.end()
	if than != "" {
		from = int(s.rows[than].at) + 1
	}
	return func(yield func(*Resource) bool) {
		if len(values) > 0 {
			for _, at := range s.rowsOf(family, values) {
				if int(at) >= from && int(at) < end && !yield(s.at(table, int(at))) {
					return
				}
			}
			return
		}
		for at := from; at < end; at++ {
			if !yield(s.at(table, at)) {
				return
			}
		}
	}
}

// Older yields the resources of a family that were created before one of them, or all if than
// is empty, newest first. If there are values, it yields only those that are or were indexed
// by one of them.
func (s *Tables) Older(family, than string, values ...string) iter.Seq[*Resource] {
	table, _ := s.table(family)
	end := table.end()
	if than != "" {
		end = int(s.rows[than].at)
	}
	return func(yield func(*Resource) bool) {
		if len(values) > 0 {
			for _, at := range slices.Backward(s.rowsOf(family, values)) {
				if int(at) < end && !yield(s.at(table, int(at))) {
					return
				}
			}
			return
		}
		for at := end - 1; at >= table.dropped; at-- {
			if !yield(s.at(table, at)) {
				return
			}
		}
	}
}

// Outlines yields the resources of a family, newest first, without the attributes that are
// objects or lists. It takes much less time than [Tables.Newest].
func (s *Tables) Outlines(family string) iter.Seq[*Resource] {
	table, _ := s.table(family)
	end := len(table.entries)
	return func(yield func(*Resource) bool) {
		for at := end - 1; at >= 0; at-- {
			if !yield(s.codec.outline(table.entries[at])) {
				return
			}
		}
	}
}

// rowsOf returns the rows of a family that are or were indexed by one of some values.
func (s *Tables) rowsOf(family string, values []string) []uint32 {
	var found []uint32
	for _, value := range values {
		found = append(found, s.indexed[s.key(family, value)]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Has reports whether a family has a resource.
func (s *Tables) Has(family, id string) bool {
	at, ok := s.rows[id]
	return ok && s.families[at.family] == family
}

// FamilyOf returns the part of a type up to the first slash.
func FamilyOf(typ string) string {
	family, _, _ := strings.Cut(typ, "/")
	return family
}
