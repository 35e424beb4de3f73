package show_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/idemhq/idem/cmd/idem/internal/show"
)

func TestColoursAreLeftOutWhereNobodySeesThem(t *testing.T) {
	var out bytes.Buffer
	if err := show.Text(&out, func(w io.Writer) { fmt.Fprintln(w, show.Good("good"), show.Bad("bad"), show.Faint("faint")) }); err != nil {
		t.Fatal(err)
	}
	if out.String() != "good bad faint\n" {
		t.Errorf("it prints %q", out.String())
	}
}

// full is a writer without room.
type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAnErrorOfTheWriterIsReturned(t *testing.T) {
	if err := show.Text(full{}, func(w io.Writer) { fmt.Fprintln(w, "text") }); !errors.Is(err, errFull) {
		t.Errorf("text: %v", err)
	}
	if err := show.JSON(full{}, 1); !errors.Is(err, errFull) {
		t.Errorf("JSON: %v", err)
	}
}

func TestATableIsAligned(t *testing.T) {
	var out bytes.Buffer
	show.Table(&out, [][]string{{"NAME", "STATE"}, {"a long name", "x"}})
	if want := "NAME         STATE\na long name  x\n"; out.String() != want {
		t.Errorf("it is %q", out.String())
	}
}

func TestATextOfOthersCannotDraw(t *testing.T) {
	if got := show.Printable("a\x1b[2Jb\rc\u009bd\tä\n"); got != "a[2Jbcdä\n" {
		t.Errorf("it is %q", got)
	}
}

func TestJSONKeepsSignsOfHTML(t *testing.T) {
	var out bytes.Buffer
	if err := show.Line(&out, "a<b>&"); err != nil || out.String() != "\"a<b>&\"\n" {
		t.Errorf("it is %q, error %v", out.String(), err)
	}
}
