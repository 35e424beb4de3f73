package acts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/fixtures"
)

// Form describes a kind of act to whoever offers it to a person.
type Form struct {
	Do     Kind
	Fields []Field // those that this kind uses, besides the id
}

// Field is a field of an [Act] as a person fills it in: text, tags with commas between them,
// or JSON.
type Field struct {
	Name, Example string
	Optional      bool
}

// Forms returns the kinds of acts that happen to a family of resources, sorted.
func Forms(family string) []Form {
	var forms []Form
	for _, kind := range Kinds() {
		if slices.Contains(implementations()[kind].families, family) {
			forms = append(forms, Form{kind, fieldsOf(kind)})
		}
	}
	return forms
}

func fieldsOf(kind Kind) []Field {
	need := func(name, example string) Field { return Field{Name: name, Example: example} }
	may := func(name, example string) Field { return Field{name, example, true} }
	switch kind {
	case Submit:
		return []Field{need("type", "verification/selfie"), need("outcome", "passed"), may("checks", `[{"name":"selfie_glare_detection","status":"failed"}]`), may("extracted", `{"name-first":"Ada"}`)}
	case MoveOn:
		return []Field{need("step", "verification_selfie")}
	case CreateReport, RunReport:
		return []Field{need("type", "report/watchlist"), may("query", `{"name-first":"Ada","name-last":"Sample"}`), may("signals", `{"has-match":true}`)}
	case RunWorkflow:
		return []Field{need("outcome", "approved")}
	case MakeInquiry:
		return []Field{may("template", fixtures.InquiryTemplateID)}
	case SetBehaviors:
		return []Field{need("signals", `{"behavior-threat-level":"high"}`)}
	case SetSessionSignals:
		return []Field{need("signals", `{"threat-level":"high","is-vpn":true}`)}
	case ApproveInquiry, DeclineInquiry, MarkInquiryForReview:
		return []Field{may("text", "a comment")}
	case CommentCase:
		return []Field{need("text", "a comment")}
	case TagVerification:
		return []Field{need("tags", "VIP, EU")}
	case RunPipeline:
		return []Field{need("rows", "reference_id,name_first")}
	case DeleteTransactionField:
		return []Field{need("field", "amount")}
	default:
		return nil
	}
}

// FromForm reads an act from the values of a form, by the names of fields. The resource that
// it happens to is not among them.
func FromForm(id string, values map[string]string) (Act, error) {
	a := Act{
		Do: Kind(values["do"]), ID: id, Type: values["type"], Outcome: values["outcome"], Step: values["step"],
		Text: values["text"], Field: values["field"], Template: values["template"], Rows: values["rows"],
	}
	for tag := range strings.SplitSeq(values["tags"], ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			a.Tags = append(a.Tags, tag)
		}
	}
	for name, into := range map[string]any{"query": &a.Query, "signals": &a.Signals, "extracted": &a.Extracted, "checks": &a.Checks} {
		if text := values[name]; text != "" && json.Unmarshal([]byte(text), into) != nil {
			return a, fmt.Errorf("%s must be JSON, as in the example", name)
		}
	}
	return a, nil
}
