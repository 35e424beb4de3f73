package demo

import (
	"fmt"
	"io"
)

// report prints what each step saw, and counts what was not as expected.
type report struct {
	w      io.Writer
	step   int
	failed int
}

// begin opens the next step.
func (r *report) begin(title string) {
	r.step++
	fmt.Fprintf(r.w, "\n%d  %s\n", r.step, title)
}

// saw prints a line.
func (r *report) saw(format string, args ...any) {
	fmt.Fprintf(r.w, "     %s\n", fmt.Sprintf(format, args...))
}

// expect prints what was seen, and marks it when it is not what was wanted.
func expect[T comparable](r *report, what string, got, want T) {
	if got == want {
		fmt.Fprintf(r.w, "   ✓ %s: %v\n", what, got)
		return
	}
	r.failed++
	fmt.Fprintf(r.w, "   ✗ %s: %v, expected %v\n", what, got, want)
}
