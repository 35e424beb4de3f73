package acts

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Form describes a kind of act to whoever offers it to a person.
type Form struct {
	Do     Kind
	Fields []Field // those that this kind uses, besides the id
}

// Field is a field of an [Act] as a person fills it in: text, tags with commas between them,
// or a JSON object for a query and for signals.
type Field struct{ Name, Example string }

// Forms returns the kinds of acts that happen to a family of resources, sorted.
func Forms(family string) []Form {
	var forms []Form
	for _, kind := range Kinds() {
		if implementations()[kind].family == family {
			forms = append(forms, Form{kind, fieldsOf(kind)})
		}
	}
	return forms
}

func fieldsOf(kind Kind) []Field {
	switch kind {
	case Submit:
		return []Field{{"type", "verification/selfie"}, {"outcome", "passed"}}
	case MoveOn:
		return []Field{{"step", "verification_selfie"}}
	case CreateReport, RunReport:
		return []Field{{"type", "report/watchlist"}, {"query", `{"name-first":"Ada","name-last":"Sample"}`}}
	case RunWorkflow:
		return []Field{{"outcome", "approved"}}
	case SetBehaviors:
		return []Field{{"signals", `{"behavior-threat-level":"high"}`}}
	case SetSessionSignals:
		return []Field{{"signals", `{"threat-level":"high","is-vpn":true}`}}
	case CommentCase:
		return []Field{{"text", "a comment"}}
	case TagVerification:
		return []Field{{"tags", "VIP, EU"}}
	case RunPipeline:
		return []Field{{"rows", "reference_id,name_first"}}
	case DeleteTransactionField:
		return []Field{{"field", "amount"}}
	default:
		return nil
	}
}

// FromForm reads an act from the values of a form, by the names of fields. The resource that
// it happens to is not among them.
func FromForm(id string, values map[string]string) (Act, error) {
	a := Act{
		Do: Kind(values["do"]), ID: id, Type: values["type"], Outcome: values["outcome"], Step: values["step"],
		Text: values["text"], Field: values["field"], Rows: values["rows"],
	}
	for tag := range strings.SplitSeq(values["tags"], ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			a.Tags = append(a.Tags, tag)
		}
	}
	for name, into := range map[string]*map[string]any{"query": &a.Query, "signals": &a.Signals} {
		if text := values[name]; text != "" && json.Unmarshal([]byte(text), into) != nil {
			return a, fmt.Errorf("%s must be a JSON object", name)
		}
	}
	return a, nil
}
