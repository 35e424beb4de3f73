package deliver

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Function is a function of this program that receives notifications. It has an endpoint
// like a receiver on the network, so it is called at least once, in order for each subject,
// and by one node at a time.
//
// It differs in three ways. It receives what happened before it was added, too. It is never
// given up and never disabled. And it is never paused: when it rejects one notification, the
// others go on.
type Function struct {
	Name  string   // of its endpoint; give it a name that [CheckName] refuses, so that nobody else uses it
	Types []string // of the notifications that it receives
	Call  func(context.Context, domain.Notification) error
}

const (
	callTime      = time.Minute // for one call
	longestRecall = time.Minute // longest wait before the next call, while the function fails
)

// SetFunction adds a function to every environment, or replaces the one with its name.
func (d *Deliverer) SetFunction(f Function) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.functions = append(slices.DeleteFunc(slices.Clone(d.functions), func(old Function) bool { return old.Name == f.Name }), f)
}

// function returns the function with a name. ok is false if there is none.
func (d *Deliverer) function(name string) (f Function, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.functions, func(f Function) bool { return f.Name == name })
	if i < 0 {
		return Function{}, false
	}
	return d.functions[i], true
}

// functionEndpoints returns the endpoints of the functions.
func (d *Deliverer) functionEndpoints() (all []domain.Endpoint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.functions {
		for _, env := range d.environments {
			all = append(all, domain.Endpoint{Environment: env, Name: f.Name, Types: f.Types, Configured: true})
		}
	}
	return all
}

// call makes one call. The error of the function becomes the error of the attempt.
func (f Function) call(ctx context.Context, n domain.Notification, now func() time.Time) answer {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	began := time.Now()
	a := answer{Attempt: domain.Attempt{At: now()}, local: true}
	if err := f.Call(ctx, n); err != nil {
		a.Error = domain.Storable(err.Error(), maxExcerpt)
	} else {
		a.Status = http.StatusOK
	}
	a.Millis = time.Since(began).Milliseconds()
	return a
}
