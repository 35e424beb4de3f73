package simclock

import (
	"container/heap"
	"iter"
	"slices"
	"sort"
	"time"
)

// Agenda holds things until they fall due: the earliest first, and those of one
// moment in the order they were put in.
type Agenda[T any] struct {
	entries entries[T]
	count   int
}

func (a *Agenda[T]) Put(at time.Time, what T) {
	a.count++
	heap.Push(&a.entries, entry[T]{at, a.count, what})
}

// Next returns when the next thing falls due; not ok when there is none.
func (a *Agenda[T]) Next() (at time.Time, ok bool) {
	if len(a.entries) == 0 {
		return time.Time{}, false
	}
	return a.entries[0].at, true
}

// Take removes the next thing if it is due.
func (a *Agenda[T]) Take(now time.Time) (at time.Time, what T, ok bool) {
	if at, ok = a.Next(); !ok || at.After(now) {
		return at, what, false
	}
	e := heap.Pop(&a.entries).(entry[T])
	return e.at, e.what, true
}

// All yields what there is, in the order in which it falls due.
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
