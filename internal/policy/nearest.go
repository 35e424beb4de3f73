package policy

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean suggests the name that is most like a misspelled one, and lists the names
// where none is alike and the list is short. It is empty where there is nothing to say.
func didYouMean(name string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	best, least := "", 1+len(name)/3
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) > 0 && len(known) <= 20:
		return "; there is " + strings.Join(known, ", ")
	default:
		return ""
	}
}

// distance counts the letters to insert, delete or replace to make one text of another.
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
