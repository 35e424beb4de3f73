// Package progress draws a progress bar for long work. It draws only on a terminal.
package progress

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/idemhq/idem/cmd/idem/internal/show"
)

// whole is the number of steps of a bar.
const whole = 1000

// Bar is a progress bar.
type Bar struct {
	drawn *progressbar.ProgressBar
	shown bool
}

// New returns a bar that draws to w, with a text beside it.
func New(w io.Writer, text string) *Bar {
	if !show.Terminal(w) {
		w = io.Discard
	}
	return &Bar{drawn: progressbar.NewOptions(whole, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(text),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false),
		progressbar.OptionOnCompletion(func() { _, _ = io.WriteString(w, "\n") }))}
}

// Show sets the part of the work that is done, from 0 to 1, and the text. The bar never
// goes back.
func (b *Bar) Show(done float64, text string) {
	b.shown = true
	b.drawn.Describe(text)
	if n := int(done * whole); n > int(b.drawn.State().CurrentNum) {
		_ = b.drawn.Set(n) // a bar that cannot be drawn must not stop the work
	}
}

// End ends the line of the bar, if it was shown.
func (b *Bar) End() {
	if b.shown && !b.drawn.IsFinished() {
		_ = b.drawn.Exit()
	}
}
