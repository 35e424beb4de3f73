// Package deliver brings notifications to the endpoints of the host application, as
// [Standard Webhooks]: at least once, and for each subject in order.
//
// Each endpoint has a lane: a loop on one node that makes deliveries of the next
// notifications, sends what is due with bounded concurrency, and saves what came of it,
// many deliveries in a transaction. An endpoint that hangs or fails has its own lane, its
// own places and its own pause, so it delays no other.
//
// Deliveries are not jobs of the queue. A job for each would be written three times, would
// have no order among those of a subject, and would have to be inserted with the
// notification, on the way of every event. A lane holds a claim on its endpoint like any
// worker that calls out; when its node ends, another one takes the lane over.
//
// What to do after an attempt is decided by functions without I/O (schedule.go, health.go).
//
// [Standard Webhooks]: https://www.standardwebhooks.com
package deliver
