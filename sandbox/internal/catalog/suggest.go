package catalog

import (
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
)

// DidYouMean returns the end of the error message for an unknown name: the most similar known
// name, or "" if none is similar.
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
