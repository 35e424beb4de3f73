package intake

// Queued is how many events wait for the next transaction.
func (in *Intake) Queued() int { return len(in.queue) }
