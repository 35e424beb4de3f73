package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

// flows checks that the template of each flow exists at Persona and can be used.
func (a account) flows(ctx context.Context, tell func(Finding)) {
	for _, name := range slices.Sorted(maps.Keys(a.settings.Flows)) {
		f := a.flow(ctx, name, a.settings.Flows[name].InquiryTemplate)
		f.Check = "flow " + name
		tell(f)
	}
}

// flow checks the template of a flow. Persona shows templates to production keys only, and
// does not document its answer to others (Persona docs: Retrieve an inquiry template), so that
// neither 401 nor 403 nor 404 means that there is no template.
func (a account) flow(ctx context.Context, name, id string) Finding {
	template, err := a.client.InquiryTemplates.Get(ctx, id)
	switch {
	case err == nil:
		return usable(template)
	case errors.Is(err, persona.ErrNotFound) && a.listsTemplates(ctx):
		return Finding{
			Level: Problem, Found: fmt.Sprintf("there is no template %s in this environment: the flow starts nothing", id),
			Do: "correct inquiry_template; idem request GET /inquiry-templates lists the templates, and the sandbox and production have different ones",
		}
	case errors.Is(err, persona.ErrForbidden), errors.Is(err, persona.ErrUnauthorized), errors.Is(err, persona.ErrNotFound):
		return a.used(ctx, name, id)
	case errors.Is(err, persona.ErrBadRequest), errors.Is(err, persona.ErrInvalid):
		return Finding{Level: Problem, Found: err.Error(), Do: "correct inquiry_template of the flow: it is the id of an inquiry template (itmpl_…)"}
	}
	return Finding{Level: Skipped, Found: err.Error(), Do: "try again"}
}

// usable checks a template that exists.
func usable(template *persona.InquiryTemplate) Finding {
	f := Finding{Level: OK, Found: template.ID + " is active and has a published version"}
	switch status := template.Attributes.Status; {
	case status != "" && status != persona.InquiryTemplateStatusActive:
		f.Level, f.Found = Problem, fmt.Sprintf("%s is %s: Persona starts no inquiry with it", template.ID, status)
		f.Do = "activate the template at Persona, or set inquiry_template to another one"
	case template.Relationships.LatestPublishedVersion.Data == nil:
		f.Level, f.Found = Warning, template.ID+" shows no published version: Persona may start no inquiry with it"
		f.Do = "publish the template at Persona"
	}
	return f
}

// listsTemplates reports whether Persona shows the templates to this key.
func (a account) listsTemplates(ctx context.Context) bool {
	_, err := a.client.InquiryTemplates.ListPage(ctx, persona.InquiryTemplateListParams{Size: 1})
	return err == nil
}

// used looks for an inquiry with a template that Persona does not show.
func (a account) used(ctx context.Context, flow, id string) Finding {
	page, err := a.client.Inquiries.ListPage(ctx, persona.InquiryListParams{InquiryTemplateID: id, Size: 1}, persona.WithFields("inquiry", "status"))
	if err == nil && len(page.Data) > 0 {
		return Finding{Level: OK, Found: fmt.Sprintf("%s exists: Persona has an inquiry with it (it does not show the template to this key)", id)}
	}
	f := Finding{Level: Skipped, Found: fmt.Sprintf("Persona does not show %s to this key, and has no inquiry with it", id)}
	if a.environment == service.Production {
		f.Do = "let the key read inquiry templates, at Persona"
		return f
	}
	f.Do = "Persona shows templates to production keys only; try the flow: idem verify REFERENCE --flow " + flow
	return f
}
