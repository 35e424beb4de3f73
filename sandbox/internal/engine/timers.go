package engine

import (
	"time"
)

// ExpireDue lets everything expire that is due by now, in order, each at its own
// moment. The caller holds the lock.
func (s *Engine) ExpireDue() {
	now := s.Clock.Now()
	for _, env := range s.Environments {
		for {
			at, id, ok := env.timers.Take(now)
			if !ok {
				break
			}
			c := NewChange(env, at)
			s.fire(c, id)
			s.Commit(c)
		}
	}
}

// Commit carries a change out and sends its events on their way. The caller holds
// the lock.
func (s *Engine) Commit(c *Change) {
	c.Commit()
	s.changes++
	s.Dispatcher.enqueue(c.Env, c.Events)
}

// Schedule has [Behaviour] called for a resource at a time. What is scheduled is never
// canceled: the behaviour checks again whether something is due.
func (c *Change) Schedule(at time.Time, id string) {
	c.Then = append(c.Then, func() { c.Env.timers.Put(at, id) })
}

// fire does what is due for a resource by now.
func (s *Engine) fire(c *Change, id string) {
	r := c.Edit(id)
	if r == nil {
		return
	}
	if due := s.behaviour.Due[r.Family()]; due != nil {
		due(c, r)
	}
}

// nextDue returns when something expires or is to be delivered next. The caller
// holds the lock.
func (s *Engine) nextDue() (next time.Time, ok bool) {
	for _, env := range s.Environments {
		if at, some := env.timers.Next(); some && (!ok || at.Before(next)) {
			next, ok = at, true
		}
		for _, q := range env.queues {
			if at, some := q.waiting.Next(); some && !q.busy && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}
