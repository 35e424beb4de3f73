package sandbox

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"
)

// shelf holds the resources of a family in the order in which they were made. The
// place of a resource on its shelf never changes.
type shelf struct {
	entries []string    // packed
	objects []string    // packed, of events: what they are about, as it was
	dropped int         // how many of the oldest are gone: entries[0] has this place
	live    []*resource // the resources unpacked, of families that are few and read often
	kept    int         // how many there may be; 0 for any number
}

// spot says where a resource is.
type spot struct {
	family uint16 // the number of its shelf
	at     uint32
}

// shelves are all resources of an environment.
type shelves struct {
	packing  *packing
	places   map[string]spot // by id
	families []string
	shelves  []*shelf // by the number of the family
	numbers  map[string]uint16
	indexed  map[uint64][]uint32 // places on a shelf, by family, relation and value
	seed     maphash.Seed
}

// How many an environment keeps of what every call leaves behind: the latest. Of
// deliveries it keeps all that are not over.
const (
	keptLogs       = 10_000
	keptCalls      = 50_000
	keptDeliveries = 50_000
)

func newShelves() *shelves {
	return &shelves{
		packing: newPacking(), places: map[string]spot{}, numbers: map[string]uint16{}, indexed: map[uint64][]uint32{}, seed: maphash.MakeSeed(),
	}
}

// shelf returns the shelf of a family, and its number.
func (s *shelves) shelf(family string) (*shelf, uint16) {
	number, ok := s.numbers[family]
	if !ok {
		number = uint16(len(s.shelves))
		s.numbers[family] = number
		s.families = append(s.families, family)
		made := &shelf{}
		switch family {
		case "api-key", "webhook":
			made.live = []*resource{}
		case "api-log":
			made.kept = keptLogs
		}
		s.shelves = append(s.shelves, made)
	}
	return s.shelves[number], number
}

// put stores a resource, new or changed.
func (s *shelves) put(r *resource) {
	shelf, family := s.shelf(r.family())
	packed := s.packing.pack(r)
	at, known := s.places[r.id]
	if !known {
		at = spot{family, uint32(shelf.end())}
		s.places[s.packing.idOf(packed)] = at
		shelf.entries = append(shelf.entries, packed)
		if shelf.live != nil {
			shelf.live = append(shelf.live, nil)
		}
		if r.object != nil {
			shelf.objects = append(shelf.objects, s.packObject(r.object))
		}
	}
	shelf.entries[int(at.at)-shelf.dropped] = packed
	if shelf.live != nil {
		shelf.live[at.at] = r.clone()
	}
	s.index(r, at.at)
	if shelf.kept > 0 && len(shelf.entries) > shelf.kept {
		delete(s.places, s.packing.idOf(shelf.entries[0]))
		shelf.entries[0] = ""
		shelf.entries, shelf.dropped = shelf.entries[1:], shelf.dropped+1
	}
}

// packObject packs what an event is about. Most often the resource is stored as the
// event saw it: then there is one copy.
func (s *shelves) packObject(object *resource) string {
	packed := s.packing.pack(object)
	if at, known := s.places[object.id]; known {
		shelf := s.shelves[at.family]
		if now := shelf.entries[int(at.at)-shelf.dropped]; now == packed {
			return now
		}
	}
	return packed
}

// index makes a resource be found by what it belongs to.
func (s *shelves) index(r *resource, at uint32) {
	for _, value := range indexedBy(r) {
		key := s.key(r.family(), value)
		if !slices.Contains(s.indexed[key], at) {
			s.indexed[key] = append(s.indexed[key], at)
		}
	}
}

// indexedBy are the ids and reference ids that a resource is looked for by.
func indexedBy(r *resource) []string {
	switch r.family() {
	case "inquiry":
		return slices.DeleteFunc([]string{r.one("account"), r.text("reference-id")}, func(s string) bool { return s == "" })
	case "inquiry-session":
		return []string{r.one("inquiry")}
	case "event":
		return []string{r.object.id}
	case "case":
		var ids []string
		for _, objects := range []string{"accounts", "inquiries", "reports", "txns", "verifications"} {
			for _, object := range r.many(objects) {
				ids = append(ids, object.ID)
			}
		}
		return ids
	default:
		return nil
	}
}

func (s *shelves) key(family, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.WriteString(family) // never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(value)
	return h.Sum64()
}

// get returns a resource to read, or nil.
func (s *shelves) get(id string) *resource {
	at, ok := s.places[id]
	if !ok {
		return nil
	}
	return s.at(s.shelves[at.family], int(at.at))
}

func (s *shelves) at(shelf *shelf, at int) *resource {
	if shelf.live != nil {
		return shelf.live[at]
	}
	r := s.packing.unpack(shelf.entries[at-shelf.dropped])
	if shelf.objects != nil {
		r.object = s.packing.unpack(shelf.objects[at])
	}
	return r
}

// end is the place of the next resource.
func (s *shelf) end() int { return s.dropped + len(s.entries) }

func (s *shelves) count(family string) int {
	shelf, _ := s.shelf(family)
	return len(shelf.entries)
}

// all yields the resources of a family, oldest first. Those that are made meanwhile
// are not among them.
func (s *shelves) all(family string) iter.Seq[*resource] { return s.newer(family, "") }

// newest yields the resources of a family, newest first.
func (s *shelves) newest(family string) iter.Seq[*resource] { return s.older(family, "") }

// newer yields the resources of a family that were made after one of them, or all,
// oldest first. Where values are given, only those that are indexed by one of them.
func (s *shelves) newer(family, than string, values ...string) iter.Seq[*resource] {
	shelf, _ := s.shelf(family)
	from, end := shelf.dropped, shelf.end()
	if than != "" {
		from = int(s.places[than].at) + 1
	}
	return func(yield func(*resource) bool) {
		if len(values) > 0 {
			for _, at := range s.placesOf(family, values) {
				if int(at) >= from && int(at) < end && !yield(s.at(shelf, int(at))) {
					return
				}
			}
			return
		}
		for at := from; at < end; at++ {
			if !yield(s.at(shelf, at)) {
				return
			}
		}
	}
}

// older yields the resources of a family that were made before one of them, or all,
// newest first. Where values are given, only those that are indexed by one of them.
func (s *shelves) older(family, than string, values ...string) iter.Seq[*resource] {
	shelf, _ := s.shelf(family)
	end := shelf.end()
	if than != "" {
		end = int(s.places[than].at)
	}
	return func(yield func(*resource) bool) {
		if len(values) > 0 {
			for _, at := range slices.Backward(s.placesOf(family, values)) {
				if int(at) < end && !yield(s.at(shelf, int(at))) {
					return
				}
			}
			return
		}
		for at := end - 1; at >= shelf.dropped; at-- {
			if !yield(s.at(shelf, at)) {
				return
			}
		}
	}
}

// placesOf are the places on a family's shelf of what is indexed by one of some
// values, or was.
func (s *shelves) placesOf(family string, values []string) []uint32 {
	var places []uint32
	for _, value := range values {
		places = append(places, s.indexed[s.key(family, value)]...)
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// has reports whether a family has a resource.
func (s *shelves) has(family, id string) bool {
	at, ok := s.places[id]
	return ok && s.families[at.family] == family
}

// familyOf is the part of a type up to the first slash.
func familyOf(typ string) string {
	family, _, _ := strings.Cut(typ, "/")
	return family
}
