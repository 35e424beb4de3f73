package doctor

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/keys"
	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
)

func TestAnOldKeyIsReported(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		age  keys.Age
		want Level
		says string
	}{
		"a new key":                        {keys.Age{Created: noon.Add(-day)}, OK, "1 day old"},
		"a key that is due in a week":      {keys.Age{Created: noon.Add(-day), Due: noon.Add(7 * day)}, OK, "the service rotates it at 2026-03-08"},
		"a key that was due two days ago":  {keys.Age{Created: noon.Add(-92 * day), Due: noon.Add(-2 * day)}, Warning, "92 days old"},
		"one that is being rotated":        {keys.Age{Created: noon.Add(-92 * day), Due: noon.Add(-2 * day), Rotating: true}, OK, "a rotation is under way"},
		"a key that expires in a week":     {keys.Age{Created: noon, Expires: noon.Add(7 * day)}, Warning, "expires at 2026-03-08"},
		"a key that expires tonight":       {keys.Age{Created: noon, Expires: noon.Add(9 * time.Hour)}, Problem, "expires at 2026-03-01"},
		"a key that expires in two months": {keys.Age{Created: noon, Expires: noon.Add(60 * day)}, OK, "0 days old"},
	} {
		c.age.Kind, c.age.IDs = keys.APIKey, []string{"api_1"}
		if f := ageOf(c.age, noon); f.Level != c.want || !strings.Contains(f.Found, c.says) || (f.Do == "") != (f.Level == OK) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.says)
		}
	}
}

func TestAnAgeThatCannotBeReadIsNoProblem(t *testing.T) {
	for err, says := range map[error]string{
		persona.ErrForbidden: "may not read API keys", rotate.ErrWhichKey: "several API keys", errors.New("broken"): "broken",
	} {
		if f := unknownAge(keys.APIKey, err); f.Level != Skipped || !strings.Contains(f.Found, says) {
			t.Errorf("%v: %+v", err, f)
		}
	}
}
