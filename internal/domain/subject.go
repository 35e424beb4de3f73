package domain

import "time"

// Subject is a person or business that the host asks about, with the verdict that
// stands. There is a row for every reference id that an object ever carried.
type Subject struct {
	Environment  Environment
	Reference    string // the host's reference id
	Verdict      Verdict
	Object       Ref    // what the verdict comes from; zero for none
	Status       string // that object's status at Persona
	Since        time.Time
	Version      int64 // counts the changes of the row
	Notification int64 // sequence of the last notification of its verdict; 0 before the first
	Notified     int64 // how many notifications were about it: the SubjectSequence of the last
}
