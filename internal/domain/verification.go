package domain

import "time"

// Verification says how far a subject is in a flow. There is one for each subject and flow,
// so a subject has at most one live inquiry in a flow. Do not confuse it with Persona's
// resources of this name, which are parts of an inquiry.
type Verification struct {
	ID          string // vfy_…
	Environment Environment
	Reference   string // the subject
	Flow        string // its name
	Inquiry     string // the id of the newest inquiry; empty if none was started yet
	Attempts    int    // inquiries since the last reset or approval
	Starts      int    // inquiries that were ever requested at Persona
	Earlier     []EarlierInquiry

	// Starting says that an inquiry was requested at Persona and that it is not known
	// whether it exists. Inquiry is then the one before it.
	Starting       bool
	IdempotencyKey string    // of that request
	KeyMadeAt      time.Time // when it was stored

	// Spent is when it turned out that Persona answers the key with an error from now on.
	// Zero if the key can be used.
	Spent time.Time

	Renewed   bool      // it was reset, and no inquiry was started since
	ResetAt   time.Time // the last reset
	StartedAt time.Time // of Inquiry
	CreatedAt time.Time
	Version   int64 // counts saves; 0 if it is not stored
}

// EarlierInquiry is an inquiry that a newer one has replaced.
type EarlierInquiry struct {
	Inquiry   string    `json:"inquiry"`
	StartedAt time.Time `json:"started_at"`
}
