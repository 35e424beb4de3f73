// Package spelling suggests the name that was meant, for errors about unknown names.
package spelling

import (
	"fmt"
	"strings"
)

// DidYouMean ends the error for an unknown name with the known name that is nearest:
// `; did you mean "inquiry"?`. It returns "" if none is near: see [Nearest].
func DidYouMean(name string, known []string) string {
	nearest := Nearest(name, known)
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}

// Nearest returns the known name that takes the fewest changes to reach, ignoring case.
// Of several it returns the first in alphabetical order. A change inserts, deletes or
// replaces one byte. A name is near if it takes one change, or one more for every three
// bytes that were given; otherwise Nearest returns "".
func Nearest(name string, known []string) string {
	nearest, fewest := "", 1+len(name)/3
	for _, candidate := range known {
		changes := distance(strings.ToLower(name), strings.ToLower(candidate))
		if changes > fewest || changes >= len(name) {
			continue // nothing of the name is left
		}
		if changes < fewest || nearest == "" || candidate < nearest {
			nearest, fewest = candidate, changes
		}
	}
	return nearest
}

// distance returns the number of changes that make one text of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
