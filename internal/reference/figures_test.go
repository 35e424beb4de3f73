package reference

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// figures count what a test saw.
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

// report logs figures, and adds them to the file that PROOF_FIGURES names: "make test"
// prints it, since go test prints nothing of a package that passes.
func (f figures) report(t *testing.T) {
	t.Helper()
	t.Log(f)
	path := os.Getenv("PROOF_FIGURES")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(file, "%s: %v\n", t.Name(), f)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Error(err)
	}
}

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
