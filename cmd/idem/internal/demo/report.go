package demo

import (
	"fmt"
	"io"
)

// Step is what one of the six steps saw.
type Step struct {
	Title string `json:"title"`
	Lines []Line `json:"lines"`
}

// Line is one thing that a step saw. Unexpected says what it should have been; it is
// empty for what was as expected.
type Line struct {
	Text       string `json:"text"`
	Unexpected string `json:"unexpected,omitempty"`
}

// report prints what each step saw, and counts what was not as expected.
type report struct {
	w      io.Writer
	steps  []Step
	failed int
}

// begin opens the next step.
func (r *report) begin(title string) {
	r.steps = append(r.steps, Step{Title: title})
	fmt.Fprintf(r.w, "\n%d  %s\n", len(r.steps), title)
}

// saw prints a line.
func (r *report) saw(format string, args ...any) {
	line := Line{Text: fmt.Sprintf(format, args...)}
	r.add(line)
	fmt.Fprintf(r.w, "     %s\n", line.Text)
}

// expect prints what was seen, and marks it when it is not what was wanted.
func expect[T comparable](r *report, what string, got, want T) {
	line := Line{Text: fmt.Sprintf("%s: %v", what, got)}
	if got == want {
		r.add(line)
		fmt.Fprintf(r.w, "   ✓ %s: %v\n", what, got)
		return
	}
	r.failed++
	line.Unexpected = fmt.Sprintf("expected %v", want)
	r.add(line)
	fmt.Fprintf(r.w, "   ✗ %s: %v, expected %v\n", what, got, want)
}

func (r *report) add(line Line) {
	step := &r.steps[len(r.steps)-1]
	step.Lines = append(step.Lines, line)
}
