// Package deliver sends notifications to the endpoints of the host application as
// [Standard Webhooks]: at least once, and in order for each subject.
//
// Each endpoint has a lane. On one node, the lane creates the deliveries of the next
// notifications, sends the deliveries that are due, and saves the results of many attempts
// in one transaction. Each lane has its own concurrency limit and its own circuit breaker,
// so an endpoint that hangs or fails delays no other.
//
// Deliveries are not jobs of the queue. A job for each delivery would be written three
// times, and would have to be inserted in the transaction that stores the notification.
// The jobs of a subject would have no order. Instead, a lane holds a claim on its endpoint.
// When its node stops, another node takes over the lane.
//
// Pure functions decide what happens after an attempt: see schedule.go and health.go.
//
// [Standard Webhooks]: https://www.standardwebhooks.com
package deliver
