package seed

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/yamlfile"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/fixtures"
)

// Seed is the content of a seed file: what a new sandbox contains in addition to its
// fixtures, and its settings.
type Seed struct {
	file    *yamlfile.File
	content seedFile
}

// maxSeed is the maximum size of a seed file, in bytes.
const maxSeed = 16 << 20

// seedFile describes the YAML of a seed. Templates and types are in both environments, like
// the fixtures.
type seedFile struct {
	Clock     string         `yaml:"clock"` // RFC 3339
	RateLimit int            `yaml:"rate_limit"`
	Quotas    map[string]int `yaml:"quotas"`
	FaultSeed uint64         `yaml:"fault_seed"`
	Faults    []faults.Fault `yaml:"faults"`

	InquiryTemplates []seedInquiryTemplate `yaml:"inquiry_templates"`
	CaseTemplates    []seedCaseTemplate    `yaml:"case_templates"`
	AccountTypes     []seedAccountType     `yaml:"account_types"`
	TransactionTypes []seedTransactionType `yaml:"transaction_types"`

	Sandbox    seedEnvironment `yaml:"sandbox"`
	Production seedEnvironment `yaml:"production"`
}

type seedInquiryTemplate struct {
	ID            string             `yaml:"id"`
	VersionID     string             `yaml:"version_id"`
	Name          string             `yaml:"name"`
	Fields        inquiryFields      `yaml:"fields"` // by default those of the fixtures' template
	Verifications []seedVerification `yaml:"verifications"`
}

type seedVerification struct {
	ID   string `yaml:"id"`
	Type string `yaml:"type"` // such as government-id
}

type seedCaseTemplate struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Open     []string `yaml:"open"`     // statuses; a new case has the first
	Resolved []string `yaml:"resolved"` // statuses that close a case

	Fields schemaFields `yaml:"fields"` // by default those of the fixtures' template
}

type seedAccountType struct {
	ID       string       `yaml:"id"`
	Name     string       `yaml:"name"`
	Statuses []seedStatus `yaml:"statuses"` // the first is the default
	Fields   schemaFields `yaml:"fields"`   // by default those of the fixtures' type
}

type seedTransactionType struct {
	ID     string       `yaml:"id"`
	Name   string       `yaml:"name"`
	Fields schemaFields `yaml:"fields"`
}

type seedStatus struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

type seedEnvironment struct {
	Keys     []seedKey     `yaml:"keys"`
	Webhooks []seedWebhook `yaml:"webhooks"`
	Accounts []seedAccount `yaml:"accounts"`

	Inquiries []seedInquiry `yaml:"inquiries"`
	Reports   []seedReport  `yaml:"reports"`
	Cases     []seedCase    `yaml:"cases"`
}

type seedKey struct {
	ID          string   `yaml:"id"`
	Name        string   `yaml:"name"`
	Value       string   `yaml:"value"`
	Permissions []string `yaml:"permissions"` // by default all
	Without     []string `yaml:"without"`     // permissions that the key lacks, if it has all others
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
	Included   bool              `yaml:"included"` // events include all related resources
	Disabled   bool              `yaml:"disabled"`
}

type seedAccount struct {
	ID          string              `yaml:"id"`
	Type        string              `yaml:"type"` // the id of an account type; by default the fixtures'
	ReferenceID string              `yaml:"reference_id"`
	Status      string              `yaml:"status"`
	Tags        []string            `yaml:"tags"`
	Fields      map[string]any      `yaml:"fields"`    // bare values, as in a request
	Relations   map[string][]string `yaml:"relations"` // ids of accounts, by the key of the relation
}

// ReadSeed reads a seed file: one YAML document. The name is for errors, which contain line
// and column. [Apply] checks what only a sandbox knows, such as whether an account's type
// exists.
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
		return nil, seed.file.Problem("$", "the file contains several documents; a seed file has one")
	}
	if path, problem := seed.content.check(); problem != "" {
		return nil, seed.file.Problem(path, problem)
	}
	return seed, nil
}

// start returns the initial time, or zero if the seed sets none.
func (f *seedFile) start() (time.Time, error) {
	if f.Clock == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, f.Clock)
}

// check returns what is wrong with a seed by itself, and where. The problem is empty if
// nothing is wrong.
func (f *seedFile) check() (path, problem string) {
	if _, err := f.start(); err != nil {
		return "$.clock", "clock must be a time such as 2026-01-02T03:04:05Z"
	}
	if f.RateLimit < 0 {
		return "$.rate_limit", "rate_limit must be above zero"
	}
	for _, product := range slices.Sorted(maps.Keys(f.Quotas)) {
		if !slices.Contains(catalog.QuotaProducts(), product) {
			return "$.quotas." + product, "there is no quota of " + product + ", only of " + strings.Join(catalog.QuotaProducts(), ", ") + spelling.DidYouMean(product, catalog.QuotaProducts())
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
		if path, problem := template.check(fmt.Sprintf("$.inquiry_templates[%d]", i)); problem != "" {
			return path, problem
		}
	}
	for i, template := range f.CaseTemplates {
		if problem := template.check(); problem != "" {
			return fmt.Sprintf("$.case_templates[%d]", i), problem
		}
	}
	for i, typ := range f.TransactionTypes {
		at := fmt.Sprintf("$.transaction_types[%d]", i)
		if problem := unnamed(typ.Name, "name"); problem != "" {
			return at, problem
		}
		if problem := typ.Fields.check(); problem != "" {
			return at + ".fields", problem
		}
	}
	for i, accountType := range f.AccountTypes {
		if path, problem := accountType.check(fmt.Sprintf("$.account_types[%d]", i)); problem != "" {
			return path, problem
		}
	}
	return "", ""
}

func (t seedInquiryTemplate) check(at string) (path, problem string) {
	if problem := unnamed(t.Name, "name"); problem != "" {
		return at, problem
	}
	if problem := t.Fields.check(); problem != "" {
		return at + ".fields", problem
	}
	for i, v := range t.Verifications {
		if !slices.Contains(slices.Collect(maps.Values(fixtures.VerificationTemplates())), "verification/"+v.Type) {
			return fmt.Sprintf("%s.verifications[%d]", at, i), "type must be government-id, selfie, database or document"
		}
	}
	return "", ""
}

func (t seedCaseTemplate) check() (problem string) {
	if problem := unnamed(t.Name, "name"); problem != "" {
		return problem
	}
	if len(t.Open) == 0 {
		return "open must name the status of a new case"
	}
	if problem := t.Fields.check(); problem != "" {
		return problem
	}
	return repeated(slices.Concat(t.Open, t.Resolved))
}

func (t seedAccountType) check(at string) (path, problem string) {
	if problem := unnamed(t.Name, "name"); problem != "" {
		return at, problem
	}
	if len(t.Statuses) == 0 {
		return at, "statuses must name the default status"
	}
	if problem := t.Fields.check(); problem != "" {
		return at + ".fields", problem
	}
	var names []string
	for _, status := range t.Statuses {
		names = append(names, status.Name)
	}
	return at + ".statuses", repeated(names)
}

// unnamed returns a problem if a required value is missing.
func unnamed(value, name string) string {
	if strings.TrimSpace(value) == "" {
		return name + " is missing"
	}
	return ""
}

// repeated returns a problem if a status has no name, or the name of another one.
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

// wellFormedID reports whether an id has the form of Persona's ids.
func wellFormedID(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix+"_")
	return ok && rest != "" && len(rest) <= 60 && strings.Trim(rest, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
