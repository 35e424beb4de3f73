package seed

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/yamlfile"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/resources"
)

// Seed is what a sandbox holds from the beginning beside the fixtures of this
// package, and how it behaves: the content of a seed file. [ReadSeed] makes one;
// examples/sandbox/seed.yaml shows all there is.
type Seed struct {
	file    *yamlfile.File
	content seedFile
}

// maxSeed is how large a seed file may be.
const maxSeed = 16 << 20

// seedFile is a seed as it is written. Templates and types are in both environments,
// as the fixtures are.
type seedFile struct {
	Clock     string         `yaml:"clock"` // RFC 3339
	RateLimit int            `yaml:"rate_limit"`
	Quotas    map[string]int `yaml:"quotas"`
	FaultSeed uint64         `yaml:"fault_seed"`
	Faults    []faults.Fault `yaml:"faults"`

	InquiryTemplates []seedInquiryTemplate `yaml:"inquiry_templates"`
	CaseTemplates    []seedCaseTemplate    `yaml:"case_templates"`
	AccountTypes     []seedAccountType     `yaml:"account_types"`

	Sandbox    seedEnvironment `yaml:"sandbox"`
	Production seedEnvironment `yaml:"production"`
}

type seedInquiryTemplate struct {
	ID            string             `yaml:"id"`
	VersionID     string             `yaml:"version_id"`
	Name          string             `yaml:"name"`
	Fields        []string           `yaml:"fields"` // those of the fixtures' template unless given
	Verifications []seedVerification `yaml:"verifications"`
}

type seedVerification struct {
	ID   string `yaml:"id"`
	Type string `yaml:"type"` // as government-id
}

type seedCaseTemplate struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Open     []string `yaml:"open"`     // statuses; the first is a new case's
	Resolved []string `yaml:"resolved"` // statuses that close a case
}

type seedAccountType struct {
	ID       string       `yaml:"id"`
	Name     string       `yaml:"name"`
	Statuses []seedStatus `yaml:"statuses"` // the first is the default
}

type seedStatus struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

type seedEnvironment struct {
	Keys     []seedKey     `yaml:"keys"`
	Webhooks []seedWebhook `yaml:"webhooks"`
	Accounts []seedAccount `yaml:"accounts"`
}

type seedKey struct {
	ID          string   `yaml:"id"`
	Name        string   `yaml:"name"`
	Value       string   `yaml:"value"`
	Permissions []string `yaml:"permissions"` // all unless given
	Version     string   `yaml:"version"`
	Inflection  string   `yaml:"inflection"`
	Addresses   []string `yaml:"ip_allowlist"`
	Blocklist   []string `yaml:"blocklist"`
}

type seedWebhook struct {
	ID         string            `yaml:"id"`
	Name       string            `yaml:"name"`
	URL        string            `yaml:"url"`
	Secret     string            `yaml:"secret"`
	Events     []string          `yaml:"events"`
	Version    string            `yaml:"version"`
	Inflection string            `yaml:"inflection"`
	Blocklist  []string          `yaml:"blocklist"`
	Headers    map[string]string `yaml:"headers"`
	Included   bool              `yaml:"included"` // everything that is related comes along
	Disabled   bool              `yaml:"disabled"`
}

type seedAccount struct {
	ID          string              `yaml:"id"`
	Type        string              `yaml:"type"` // the id of an account type; the fixtures' unless given
	ReferenceID string              `yaml:"reference_id"`
	Status      string              `yaml:"status"`
	Tags        []string            `yaml:"tags"`
	Fields      map[string]any      `yaml:"fields"`    // bare values, as a request has them
	Relations   map[string][]string `yaml:"relations"` // ids of accounts, by the key of the relation
}

// ReadSeed reads a seed file: one document of YAML. The name is for errors, which say
// line and column. What can only be known in a sandbox, such as whether an account's
// type exists, [New] checks.
func ReadSeed(name string, from io.Reader) (*Seed, error) {
	source, err := io.ReadAll(io.LimitReader(from, maxSeed+1))
	if err != nil {
		return nil, fmt.Errorf("read the seed %s: %w", name, err)
	}
	if len(source) > maxSeed {
		return nil, fmt.Errorf("read the seed %s: it is larger than 16 MiB", name)
	}
	seed := &Seed{file: yamlfile.New(name, source)}
	if len(strings.TrimSpace(string(source))) == 0 {
		return seed, nil
	}
	if err := seed.file.Read(&seed.content); err != nil {
		return nil, err
	}
	if seed.file.Documents() > 1 {
		return nil, seed.file.Problem("$", "the file holds several documents; a seed is one")
	}
	if path, problem := seed.content.check(); problem != "" {
		return nil, seed.file.Problem(path, problem)
	}
	return seed, nil
}

// start is when it is at the start; zero when the seed does not say.
func (f *seedFile) start() (time.Time, error) {
	if f.Clock == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, f.Clock)
}

// check says what is wrong with a seed by itself, and where; the problem is empty when
// nothing is.
func (f *seedFile) check() (path, problem string) {
	if _, err := f.start(); err != nil {
		return "$.clock", "clock must be a time such as 2026-01-02T03:04:05Z"
	}
	if f.RateLimit < 0 {
		return "$.rate_limit", "rate_limit must be above zero"
	}
	for _, product := range slices.Sorted(maps.Keys(f.Quotas)) {
		if !slices.Contains(catalog.QuotaProducts(), product) {
			return "$.quotas." + product, "there is no quota of " + product + ", only of " + strings.Join(catalog.QuotaProducts(), ", ") + catalog.DidYouMean(product, catalog.QuotaProducts())
		}
		if f.Quotas[product] <= 0 {
			return "$.quotas." + product, "a quota must be above zero"
		}
	}
	for i, fault := range f.Faults {
		if _, err := fault.Complete(); err != nil {
			return fmt.Sprintf("$.faults[%d]", i), err.Error()
		}
	}
	for i, template := range f.InquiryTemplates {
		path := fmt.Sprintf("$.inquiry_templates[%d]", i)
		if problem := unnamed(template.Name, "name"); problem != "" {
			return path, problem
		}
		for j, v := range template.Verifications {
			if !slices.Contains(slices.Collect(maps.Values(resources.VerificationTemplates())), "verification/"+v.Type) {
				return fmt.Sprintf("%s.verifications[%d]", path, j), "type must be government-id, selfie, database or document"
			}
		}
	}
	for i, template := range f.CaseTemplates {
		path := fmt.Sprintf("$.case_templates[%d]", i)
		if problem := unnamed(template.Name, "name"); problem != "" {
			return path, problem
		}
		if len(template.Open) == 0 {
			return path, "open must name the status of a new case"
		}
		if problem := repeated(slices.Concat(template.Open, template.Resolved)); problem != "" {
			return path, problem
		}
	}
	for i, accountType := range f.AccountTypes {
		path := fmt.Sprintf("$.account_types[%d]", i)
		if problem := unnamed(accountType.Name, "name"); problem != "" {
			return path, problem
		}
		if len(accountType.Statuses) == 0 {
			return path, "statuses must name the default status"
		}
		var names []string
		for _, status := range accountType.Statuses {
			names = append(names, status.Name)
		}
		if problem := repeated(names); problem != "" {
			return path + ".statuses", problem
		}
	}
	return "", ""
}

// unnamed says that something that is required is missing.
func unnamed(value, name string) string {
	if strings.TrimSpace(value) == "" {
		return name + " is missing"
	}
	return ""
}

// repeated says which status has no name, or the one of another.
func repeated(names []string) string {
	for i, name := range names {
		if problem := unnamed(name, "the name of a status"); problem != "" {
			return problem
		}
		if slices.Contains(names[:i], name) {
			return fmt.Sprintf("there are two statuses %q", name)
		}
	}
	return ""
}

// wellFormedID reports whether an id is one that Persona could have given.
func wellFormedID(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix+"_")
	return ok && rest != "" && len(rest) <= 60 && strings.Trim(rest, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
