package catalog

import (
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
)

// DidYouMean ends the error for an unknown name: it names the known one that takes the
// fewest changes to reach. It is empty when no name is near.
func DidYouMean(name string, known []string) string {
	best, least := "", len(name)/2+1
	for _, candidate := range known {
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
