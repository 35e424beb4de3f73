package simclock

import (
	"container/heap"
	"iter"
	"slices"
	"sort"
	"time"
)

// Agenda is a queue ordered by time. Entries with the same time keep the order in which
// they were added. The zero Agenda is empty.
type Agenda[T any] struct {
	entries entries[T]
	count   int
}

// Put adds an entry that is due at a time.
func (a *Agenda[T]) Put(at time.Time, what T) {
	a.count++
	heap.Push(&a.entries, entry[T]{at, a.count, what})
}

// Next returns when the first entry is due. It is not ok if the agenda is empty.
func (a *Agenda[T]) Next() (at time.Time, ok bool) {
	if len(a.entries) == 0 {
		return time.Time{}, false
	}
	return a.entries[0].at, true
}

// Take removes and returns the first entry if it is due.
func (a *Agenda[T]) Take(now time.Time) (at time.Time, what T, ok bool) {
	if at, ok = a.Next(); !ok || at.After(now) {
		return at, what, false
	}
	e := heap.Pop(&a.entries).(entry[T])
	return e.at, e.what, true
}

// All yields all entries in order.
func (a *Agenda[T]) All() iter.Seq2[time.Time, T] {
	return func(yield func(time.Time, T) bool) {
		inOrder := slices.Clone(a.entries)
		sort.Sort(inOrder)
		for _, e := range inOrder {
			if !yield(e.at, e.what) {
				return
			}
		}
	}
}

type entry[T any] struct {
	at    time.Time
	count int
	what  T
}

// entries implements [heap.Interface].
type entries[T any] []entry[T]

func (e entries[T]) Len() int { return len(e) }

func (e entries[T]) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].count < e[j].count
}

func (e entries[T]) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

func (e *entries[T]) Push(x any) { *e = append(*e, x.(entry[T])) }

func (e *entries[T]) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}
