// Package listenview is the live view of `idem listen` on a terminal: a list of
// deliveries, the details of one, and a key to send one again.
package listenview

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"charm.land/bubbles/v2/table"
	"charm.land/bubbles/v2/viewport"
	tea "charm.land/bubbletea/v2"

	"github.com/idemhq/idem/cmd/idem/internal/listen"
	"github.com/idemhq/idem/cmd/idem/internal/show"
)

// View is a live view. Its methods Report and Notice may be called from any goroutine.
type View struct{ program *tea.Program }

// New returns a view with a title. It calls resend to send an event to an address again.
func New(ctx context.Context, in io.Reader, out io.Writer, title string, resend func(event, url string)) *View {
	return &View{tea.NewProgram(newModel(title, resend), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())}
}

// Run shows the view until the user quits or the context ends.
func (v *View) Run() error {
	_, err := v.program.Run()
	if errors.Is(err, tea.ErrProgramKilled) && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Report shows the state of a delivery.
func (v *View) Report(d listen.Delivery) { v.program.Send(d) }

// Notice shows a message.
func (v *View) Notice(text string) { v.program.Send(notice(text)) }

// Quit ends the view.
func (v *View) Quit() { v.program.Quit() }

type notice string

const (
	keys       = "↑↓ choose   enter details   r resend   q quit"
	detailKeys = "↑↓ scroll   esc back   r resend   q quit"
	shown      = 500 // deliveries
)

// model is what the view shows.
type model struct {
	title  string
	resend func(event, url string)

	deliveries []listen.Delivery // the newest first
	notice     string
	table      table.Model
	detail     viewport.Model
	open       bool // the details are shown
	width      int
}

func newModel(title string, resend func(event, url string)) model {
	m := model{title: title, resend: resend, table: table.New(table.WithFocused(true)), detail: viewport.New()}
	return m.resized(80, 24)
}

func (m model) Init() tea.Cmd { return nil }

func (m model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		return m.resized(message.Width, message.Height), nil
	case listen.Delivery:
		return m.reported(message), nil
	case notice:
		m.notice = string(message)
		return m, nil
	case tea.KeyPressMsg:
		return m.pressed(message)
	}
	return m, nil
}

func (m model) pressed(key tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch key.String() {
	case "q", "ctrl+c":
		return m, tea.Quit
	case "esc":
		m.open = false
		return m, nil
	case "enter":
		if d, ok := m.chosen(); ok {
			m.open = true
			m.detail.SetContent(details(d))
			m.detail.GotoTop()
		}
		return m, nil
	case "r":
		if d, ok := m.chosen(); ok {
			m.resend(d.Event.ID, d.URL)
			m.notice = "sending " + d.Event.ID + " again"
		}
		return m, nil
	}
	var command tea.Cmd
	if m.open {
		m.detail, command = m.detail.Update(key)
	} else {
		m.table, command = m.table.Update(key)
	}
	return m, command
}

func (m model) chosen() (listen.Delivery, bool) {
	if at := m.table.Cursor(); at >= 0 && at < len(m.deliveries) {
		return m.deliveries[at], true
	}
	return listen.Delivery{}, false
}

// reported updates the row of a delivery, or adds a row. The same row stays selected.
func (m model) reported(d listen.Delivery) model {
	at := m.table.Cursor()
	for i, known := range m.deliveries {
		if known.Event.ID == d.Event.ID && known.URL == d.URL {
			m.deliveries[i] = d
			if i == at && m.open {
				m.detail.SetContent(details(d))
			}
			m.table.SetRows(rows(m.deliveries))
			return m
		}
	}
	m.deliveries = append([]listen.Delivery{d}, m.deliveries...)
	m.deliveries = m.deliveries[:min(len(m.deliveries), shown)]
	m.table.SetRows(rows(m.deliveries))
	if at > 0 || m.open {
		m.table.SetCursor(min(at+1, len(m.deliveries)-1))
	} else {
		m.table.SetCursor(0)
	}
	return m
}

func (m model) resized(width, height int) model {
	m.width = width
	inner := max(4, height-4) // a title, a notice, the keys and an empty line
	m.table.SetWidth(width)
	m.table.SetHeight(inner)
	m.detail.SetWidth(width)
	m.detail.SetHeight(inner)
	rest := max(20, width-8-10-36-10)
	m.table.SetColumns([]table.Column{{Title: "Time", Width: 8}, {Title: "Answer", Width: 10}, {Title: "Event", Width: rest / 2}, {Title: "Object", Width: 36}, {Title: "To", Width: rest / 2}})
	return m
}

func rows(deliveries []listen.Delivery) []table.Row {
	var rows []table.Row
	for _, d := range deliveries {
		rows = append(rows, table.Row{d.Event.CreatedAt.Local().Format("15:04:05"), answer(d), show.Printable(d.Event.Name), show.Printable(d.Event.Object.ID), show.Printable(d.URL)})
	}
	return rows
}

// answer is the result of a delivery in a few characters.
func answer(d listen.Delivery) string {
	switch {
	case d.Attempts == 0:
		return "…"
	case d.Error != "":
		return fmt.Sprintf("error ×%d", d.Attempts)
	case d.Progress == listen.Accepted:
		return fmt.Sprint(d.Answer.Status)
	}
	return fmt.Sprintf("%d ×%d", d.Answer.Status, d.Attempts)
}

func (m model) View() tea.View {
	body, help := m.table.View(), keys
	switch {
	case m.open:
		body, help = m.detail.View(), detailKeys
	case len(m.deliveries) == 0:
		body = "Waiting for events …"
	}
	v := tea.NewView(strings.Join([]string{m.title, body, show.Printable(m.notice), show.Faint(help)}, "\n"))
	v.AltScreen = true
	return v
}

// details returns everything about a delivery. It includes the event with its personal
// data, since the user asked to see it.
func details(d listen.Delivery) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", show.Printable(d.Event.Name), show.Printable(d.Event.ID), d.Event.CreatedAt.Local().Format("2006-01-02 15:04:05.000"))
	fmt.Fprintf(&b, "to %s: %s, %d attempts\n", show.Printable(d.URL), d.Progress, d.Attempts)
	switch {
	case d.Error != "":
		fmt.Fprintf(&b, "%s\n", show.Printable(d.Error))
	case d.Attempts > 0:
		fmt.Fprintf(&b, "answered %d in %d ms\n%s\n", d.Answer.Status, d.Answer.Took.Milliseconds(), show.Printable(string(d.Answer.Body)))
	}
	var indented bytes.Buffer
	if json.Indent(&indented, d.Event.Body, "", "  ") == nil {
		fmt.Fprintf(&b, "\n%s\n", show.Printable(indented.String()))
	}
	return b.String()
}
