package engine

import (
	"errors"
	"time"
)

// ExpireRefused expires the inquiry that a refusal names. What was refused left no trace
// of its own.
func (s *Engine) ExpireRefused(env *Environment, now time.Time, err error) {
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Expires == "" {
		return
	}
	c := NewChange(env, now)
	if s.behaviour.Refused(c, refused.Expires) {
		s.Commit(c)
	}
}
