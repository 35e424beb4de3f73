package listenview

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/cmd/idem/internal/listen"
	"github.com/idemhq/idem/internal/domain"
)

// screen is a view and what was sent again.
type screen struct {
	model  tea.Model
	resent []string
}

func newScreen() *screen {
	s := &screen{}
	s.model = newModel("Events of a test", func(event, url string) { s.resent = append(s.resent, event+" "+url) })
	s.tell(tea.WindowSizeMsg{Width: 120, Height: 30})
	return s
}

func (s *screen) tell(message tea.Msg) tea.Cmd {
	var command tea.Cmd
	s.model, command = s.model.Update(message)
	return command
}

func (s *screen) press(key rune) tea.Cmd {
	return s.tell(tea.KeyPressMsg{Code: key, Text: textOf(key)})
}

func textOf(key rune) string {
	if key < tea.KeyExtended && key >= ' ' {
		return string(key)
	}
	return ""
}

func (s *screen) text() string { return s.model.View().Content }

func delivery(id string, attempts, status int) listen.Delivery {
	d := listen.Delivery{
		Event:    domain.Event{ID: id, Name: "inquiry.approved", Object: domain.Ref{ID: "inq_" + id}, Body: []byte(`{"data":{"id":"` + id + `"}}`)},
		URL:      "http://127.0.0.1:3000/hooks",
		Progress: listen.Waiting, Attempts: attempts, Answer: forward.Answer{Status: status, Body: []byte("thanks")},
	}
	if status == 200 {
		d.Progress = listen.Accepted
	}
	return d
}

func TestTheNewestEventIsOnTopAndChangesInPlace(t *testing.T) {
	s := newScreen()
	if !strings.Contains(s.text(), "Waiting for events") {
		t.Errorf("it shows\n%s", s.text())
	}
	s.tell(delivery("evt_1", 1, 200))
	s.tell(delivery("evt_2", 0, 0))
	s.tell(delivery("evt_2", 1, 500))
	text := s.text()
	if first, second := strings.Index(text, "inq_evt_2"), strings.Index(text, "inq_evt_1"); first < 0 || second < first {
		t.Errorf("it shows\n%s", text)
	}
	if strings.Count(text, "inq_evt_2") != 1 || !strings.Contains(text, "500 ×1") {
		t.Errorf("it shows\n%s", text)
	}
}

func TestOneKeySendsTheChosenEventAgain(t *testing.T) {
	s := newScreen()
	s.press('r') // nothing is chosen yet
	s.tell(delivery("evt_1", 1, 200))
	s.tell(delivery("evt_2", 1, 200))
	s.press(tea.KeyDown)
	s.press('r')
	if len(s.resent) != 1 || s.resent[0] != "evt_1 http://127.0.0.1:3000/hooks" {
		t.Errorf("sent again: %q", s.resent)
	}
	s.tell(delivery("evt_3", 1, 200)) // the choice stays at its event
	s.press('r')
	if len(s.resent) != 2 || s.resent[1] != s.resent[0] {
		t.Errorf("sent again: %q", s.resent)
	}
}

func TestDetailsShowTheAnswerAndTheEvent(t *testing.T) {
	s := newScreen()
	s.tell(delivery("evt_1", 1, 200))
	s.press(tea.KeyEnter)
	if text := s.text(); !strings.Contains(text, `"id": "evt_1"`) || !strings.Contains(text, "answered 200") || !strings.Contains(text, "thanks") {
		t.Errorf("it shows\n%s", text)
	}
	s.press(tea.KeyEscape)
	if strings.Contains(s.text(), "answered 200") {
		t.Errorf("it still shows\n%s", s.text())
	}
}

func TestAnEventCannotDrawOnTheTerminal(t *testing.T) {
	s := newScreen()
	d := delivery("evt_1", 1, 200)
	d.Answer.Body = []byte("\x1b[2Jgone")
	d.Event.Name = "inquiry\x1b[31m"
	s.tell(d)
	s.tell(notice("\x1b[2J"))
	s.press(tea.KeyEnter)
	if strings.Contains(s.text(), "\x1b[2J") || strings.Contains(s.text(), "\x1b[31m") {
		t.Errorf("it shows %q", s.text())
	}
}

func TestTheViewEndsByAKey(t *testing.T) {
	s := newScreen()
	if command := s.press('q'); command == nil || command() != tea.Quit() {
		t.Error("q does not end it")
	}
}
