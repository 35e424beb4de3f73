package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
)

// didYouMean suggests the known name that is most similar to a misspelled one. If none is
// similar and the list is short, it lists the known names; otherwise it is empty.
func didYouMean(name string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	best, least := "", 1+len(name)/3
	for _, k := range known {
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(k)); d <= least && (best == "" || d < least) {
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
