package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ErrUnexpected means that the demo ran to its end, and an outcome was not the
// expected one.
var ErrUnexpected = errors.New("an outcome was not as expected")

// Run walks through the six steps, prints what it sees and returns it. The log of the
// service goes to logger.
func Run(ctx context.Context, w io.Writer, logger *slog.Logger) (_ []Step, err error) {
	r := &report{w: w}
	started, err := newWorld(ctx, logger)
	if err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	defer func() { err = errors.Join(err, started.close()) }()
	fmt.Fprintf(w, "sandbox %s, service %s\n", started.SandboxURL, started.ServiceURL)
	for _, step := range []func(context.Context, *world, *report) error{
		clientStep, passStep, reviewStep, simulateStep, signatureStep, onceStep,
	} {
		if err := step(ctx, started, r); err != nil {
			return r.steps, fmt.Errorf("step %d: %w", len(r.steps), err)
		}
	}
	if r.failed > 0 {
		return r.steps, fmt.Errorf("%d lines: %w", r.failed, ErrUnexpected)
	}
	fmt.Fprintln(w, "\nall as expected")
	return r.steps, nil
}
