package engine

import (
	"time"
)

// Link is a one-time link to a session.
type Link struct {
	Code    string
	Session string
	Expires time.Time
	Opened  time.Time // zero until it is used
}
