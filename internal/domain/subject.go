package domain

import "time"

// Subject is a person or business that the host asks about, with the current verdict. There
// is a row for every reference id that an object ever had.
type Subject struct {
	Environment  Environment
	Reference    string // the host's reference id
	Verdict      Verdict
	Object       Ref    // the object that the verdict is based on; zero if there is none
	Status       string // that object's status at Persona
	Since        time.Time
	Version      int64 // counts changes of the row
	Notification int64 // sequence of the last notification of its verdict; 0 if there is none
	Notified     int64 // number of notifications about it: the SubjectSequence of the last
}
