package domain

import (
	"strings"
	"testing"
	"time"
)

func TestAnEventIsRejectedWhen(t *testing.T) {
	good := Event{ID: "evt_1", Name: "report/watchlist.ready", CreatedAt: time.Unix(1, 0), Object: Ref{Type: "report/watchlist", ID: "rep_1"}}
	if err := good.Check(); err != nil {
		t.Fatalf("a valid event is rejected: %v", err)
	}
	long := strings.Repeat("x", 256)
	for name, change := range map[string]func(*Event){
		"its id is empty":                         func(e *Event) { e.ID = "" },
		"its id is too long":                      func(e *Event) { e.ID = long },
		"its id holds a slash":                    func(e *Event) { e.ID = "evt/1" },
		"its id is a relative path":               func(e *Event) { e.ID = ".." },
		"its id is not UTF-8":                     func(e *Event) { e.ID = "evt_\xff" },
		"its name is empty":                       func(e *Event) { e.Name = "" },
		"its name holds a NUL":                    func(e *Event) { e.Name = "inquiry.created\x00" },
		"its name is too long":                    func(e *Event) { e.Name = long },
		"it has no moment":                        func(e *Event) { e.CreatedAt = time.Time{} },
		"its object has no type":                  func(e *Event) { e.Object.Type = "" },
		"its object has no id":                    func(e *Event) { e.Object.ID = "" },
		"its object is none":                      func(e *Event) { e.Object = Ref{} },
		"its object's id is a dot":                func(e *Event) { e.Object.ID = "." },
		"its object's id is two dots":             func(e *Event) { e.Object.ID = ".." },
		"its object's id leads elsewhere":         func(e *Event) { e.Object.ID = "../accounts/act_1" },
		"its object's id holds a query":           func(e *Event) { e.Object.ID = "inq_1?include=account" },
		"its object's id holds a fragment":        func(e *Event) { e.Object.ID = "inq_1#x" },
		"its object's id holds a percent sign":    func(e *Event) { e.Object.ID = "inq_1%2f" },
		"its object's id holds a space":           func(e *Event) { e.Object.ID = "inq 1" },
		"its object's id holds a no-break space":  func(e *Event) { e.Object.ID = "inq\u00a01" },
		"its object's id holds a line break":      func(e *Event) { e.Object.ID = "inq_1\n" },
		"its object's id holds a zero-width mark": func(e *Event) { e.Object.ID = "inq_\u200b1" },
		"its object's id is not UTF-8":            func(e *Event) { e.Object.ID = "inq_\xc3" },
		"its object's id is too long":             func(e *Event) { e.Object.ID = long },
		"its object's type is too long":           func(e *Event) { e.Object.Type = long },
		"its object's type has an empty part":     func(e *Event) { e.Object.Type = "verification//selfie" },
		"its object's type ends in a slash":       func(e *Event) { e.Object.Type = "inquiry/" },
		"its object's type leads elsewhere":       func(e *Event) { e.Object.Type = "inquiry/.." },
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			change(&e)
			err := e.Check()
			if err == nil {
				t.Fatal("it is accepted")
			}
			if strings.Contains(err.Error(), "evt_") || strings.Contains(err.Error(), "inq_") || strings.Contains(err.Error(), "act_1") {
				t.Errorf("the error quotes the event: %v", err)
			}
		})
	}
}

func TestLongIDsInAnyScriptAreAccepted(t *testing.T) {
	for _, id := range []string{strings.Repeat("x", 255), "inq_été", "a", "INQ-1_2.3", "inq_1..2"} {
		if err := (Ref{Type: "verification/government-id", ID: id}).Check(); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
}
