package reference

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// figures count what a test has covered.
type figures map[string]int

func (f figures) String() string {
	var counted []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		counted = append(counted, fmt.Sprintf("%d %s", f[name], name))
	}
	return strings.Join(counted, ", ")
}

func (f figures) add(other figures) {
	for name, n := range other {
		f[name] += n
	}
}

// demand fails a test that did not cover what it is about, unless it uses only one seed.
func (f figures) demand(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if f[name] == 0 && os.Getenv(oneSeed) == "" {
			t.Errorf("no %s: the comparison shows nothing (%v)", name, f)
		}
	}
}

// report logs figures and appends them to the file IDEM_TEST_REPORT. "make test" prints the
// file, since go test prints nothing for a package that passes.
func (f figures) report(t *testing.T) {
	t.Helper()
	said := f.String()
	if !t.Failed() {
		said += ", no difference and no wrong approval"
	}
	t.Log(said)
	path := os.Getenv("IDEM_TEST_REPORT")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(file, "%s: %s\n", t.Name(), said)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Error(err)
	}
}
