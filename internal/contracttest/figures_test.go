package contracttest

import (
	"fmt"
	"os"
)

// figures is the table that "make conformance" prints.
type figures struct{ lines []string }

func (f *figures) add(what, format string, args ...any) {
	f.lines = append(f.lines, fmt.Sprintf("%-18s %s", what, fmt.Sprintf(format, args...)))
}

// print writes the table where "go test" shows it if it runs only this package.
func (f *figures) print() {
	for _, line := range f.lines {
		fmt.Fprintln(os.Stdout, line)
	}
}
