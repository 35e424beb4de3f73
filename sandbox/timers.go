package sandbox

import "time"

// expireDue lets everything expire that is due by now, in order, each at its own
// moment. The caller holds the lock.
func (s *Sandbox) expireDue() {
	now := s.clock.now()
	for _, env := range s.environments {
		for {
			at, id, ok := env.timers.take(now)
			if !ok {
				break
			}
			c := newChange(env, at)
			c.fallDue(id)
			s.commit(c)
		}
	}
}

// commit carries a change out and sends its events on their way. The caller holds
// the lock.
func (s *Sandbox) commit(c *change) {
	c.commit()
	s.changes++
	s.deliveries.enqueue(c.env, c.events)
}

// remind calls fallDue for a resource at a moment. A reminder is never taken back:
// fallDue looks again whether something is due.
func (c *change) remind(at time.Time, id string) {
	c.then = append(c.then, func() { c.env.timers.put(at, id) })
}

// fallDue does what is due for a resource by now.
func (c *change) fallDue(id string) {
	r := c.edit(id)
	if r == nil {
		return
	}
	switch r.family() {
	case "inquiry":
		due := r.time("expires-at")
		if status := r.text("status"); (status == "created" || status == "pending") && !due.IsZero() && !c.now.Before(due) {
			c.expireInquiry(r)
		}
		c.redactionDue(r)
	case "account":
		c.redactionDue(r)
	case "inquiry-session":
		if due := r.time(sessionUntil); r.text("status") != "expired" && !c.now.Before(due) {
			c.expireSession(r)
		}
	case "connect":
		c.connectDue(r)
	case "verification":
		c.verificationDue(r)
	case "document":
		c.documentDue(r)
	case "workflow-run":
		c.workflowRunDue(r)
	case "graph-query":
		c.graphQueryDue(r)
	case "report":
		c.reportDue(r)
	case "relay":
		c.relayDue(r)
	case "importer-pipeline-run":
		c.pipelineRunDue(r)
	case "importer":
		c.runImport(r)
	case "case":
		c.slaDue(r)
	}
}

// nextDue returns when something expires or is to be delivered next. The caller
// holds the lock.
func (s *Sandbox) nextDue() (next time.Time, ok bool) {
	for _, env := range s.environments {
		if at, some := env.timers.next(); some && (!ok || at.Before(next)) {
			next, ok = at, true
		}
		for _, q := range env.queues {
			if at, some := q.waiting.next(); some && !q.busy && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}
