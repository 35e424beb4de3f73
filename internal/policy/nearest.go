package policy

import (
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
)

// didYouMean suggests the known name that is most similar to a misspelled one. If none is
// similar and the list is short, it lists the known names; otherwise it is empty.
func didYouMean(name string, known []string) string {
	suggestion := spelling.DidYouMean(name, known)
	if suggestion == "" && len(known) > 0 && len(known) <= 20 {
		return "; there is " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
	}
	return suggestion
}
