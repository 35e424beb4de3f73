package verify

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/spelling"
)

// Flow is a way to verify somebody, with defaults filled in: see [Flow.WithDefaults].
type Flow struct {
	Name     string
	Template string        // itmpl_…, the inquiry template; zero is an error
	Attempts int           // how many inquiries a subject may start; 0 means 3
	CoolDown time.Duration // how long after a failed or declined inquiry the next may start; 0 means immediately
	Mode     Mode          // empty means ModeLink
	Expiry   time.Duration // of a one-time link; 0 means 24 hours

	// Reapply says whether a declined subject may start again. Empty means what the policy
	// says; fold.ReapplyDeny means never.
	Reapply fold.Reapply
}

// Mode says how a person opens an inquiry.
type Mode string

// The modes.
const (
	ModeLink     Mode = "link"     // with a one-time link to Persona's page
	ModeEmbedded Mode = "embedded" // in the host application, with a session token
)

const (
	defaultAttempts = 3
	maxAttempts     = 1000
	defaultExpiry   = 24 * time.Hour
	minExpiry       = time.Minute
	maxExpiry       = 365 * 24 * time.Hour
	maxCoolDown     = 10 * 365 * 24 * time.Hour
)

// WithDefaults replaces zero values by their defaults.
func (f Flow) WithDefaults() Flow {
	if f.Attempts == 0 {
		f.Attempts = defaultAttempts
	}
	if f.Mode == "" {
		f.Mode = ModeLink
	}
	if f.Expiry == 0 {
		f.Expiry = defaultExpiry
	}
	return f
}

// Problem is an invalid setting of a flow.
type Problem struct {
	Setting string // as in the configuration, such as cool_down; empty if it is the name
	Err     error
}

var flowName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$`)

// Check returns the invalid settings of a flow.
func (f Flow) Check() (problems []Problem) {
	problem := func(setting, format string, args ...any) {
		problems = append(problems, Problem{setting, fmt.Errorf(format, args...)})
	}
	if !flowName.MatchString(f.Name) {
		problem("", "the name of a flow has 1 to 64 small letters, digits, dashes and underscores")
	}
	switch {
	case f.Template == "":
		problem("inquiry_template", "it is missing: the id of an inquiry template at Persona (itmpl_…)")
	case !strings.HasPrefix(f.Template, "itmpl_") || f.Template == "itmpl_" || !domain.PlausibleID(f.Template):
		problem("inquiry_template", "it is not the id of an inquiry template, which begins with itmpl_")
	}
	if f.Attempts < 0 || f.Attempts > maxAttempts {
		problem("attempts", "%d is not between 1 and %d", f.Attempts, maxAttempts)
	}
	if f.CoolDown < 0 || f.CoolDown > maxCoolDown {
		problem("cool_down", "%s is not between 0s and %s", f.CoolDown, maxCoolDown)
	}
	if f.Expiry != 0 && (f.Expiry < minExpiry || f.Expiry > maxExpiry) {
		problem("expiry", "%s is not between %s and %s", f.Expiry, minExpiry, maxExpiry)
	}
	if modes := []string{string(ModeLink), string(ModeEmbedded)}; f.Mode != "" && f.Mode != ModeLink && f.Mode != ModeEmbedded {
		problem("mode", "%q is not link or embedded%s", f.Mode, spelling.DidYouMean(string(f.Mode), modes))
	}
	if f.Reapply != "" && f.Reapply != fold.ReapplyDeny {
		problem("reapply", "%q is not deny: leave it out for what the policy says", f.Reapply)
	}
	return problems
}

// errSameTemplate means that an inquiry could belong to either of two flows.
func errSameTemplate(other string) error {
	return fmt.Errorf("the flow %s has the same template: an inquiry could belong to either of them", other)
}

// CheckAll returns the invalid settings of the flows of an environment, by the names of the
// flows.
func CheckAll(flows []Flow) map[string][]Problem {
	problems, owners := map[string][]Problem{}, map[string]string{}
	for _, f := range flows {
		found := f.Check()
		if other, taken := owners[f.Template]; taken && f.Template != "" {
			found = append(found, Problem{"inquiry_template", errSameTemplate(other)})
		}
		owners[f.Template] = f.Name
		if len(found) > 0 {
			problems[f.Name] = found
		}
	}
	return problems
}
