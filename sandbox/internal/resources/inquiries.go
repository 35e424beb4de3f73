package resources

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// inquiryLife is how long an inquiry may take (Persona help: Controlling when
// inquiries expire).
const inquiryLife = 24 * time.Hour

// What an inquiry's life is, in seconds, when the request that made it says otherwise.
const (
	afterStart  = "_after-start"
	afterResume = "_after-resume"
)

// redirectURI is where a person goes who is done with the hosted flow.
const RedirectURI = "_redirect-uri"

// reusable is set once an inquiry made a reusable persona.
const Reusable = "_reusable"

func inquiryOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Inquiries.Get":    func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("inquiry") },
		"Inquiries.Create": CreateInquiry,
		"Inquiries.Update": updateInquiry,
		"Inquiries.List":   listInquiries,
		"Inquiries.Search": func(c *engine.Call) (*engine.Answer, error) {
			return c.Search("inquiry", func(r *storage.Resource, name string) any {
				switch name {
				case "inquiry_template_id":
					return r.One("inquiry-template")
				default:
					return r.Attributes[casing.Kebab(name)]
				}
			})
		},
		"Inquiries.Redact": func(c *engine.Call) (*engine.Answer, error) {
			inquiry, err := c.Find("inquiry")
			if err != nil {
				return nil, err
			}
			if inquiry.Attributes["redacted-at"] != nil {
				return nil, engine.Conflict("Inquiry already redacted")
			}
			return &engine.Answer{One: inquiry}, redactInquiry(c.Change, inquiry, false)
		},
		"Inquiries.Approve":       decideInquiry("approved"),
		"Inquiries.Decline":       decideInquiry("declined"),
		"Inquiries.MarkForReview": decideInquiry("needs_review"),
		"Inquiries.Expire": func(c *engine.Call) (*engine.Answer, error) {
			inquiry, err := c.Find("inquiry")
			if err != nil {
				return nil, err
			}
			return &engine.Answer{One: inquiry}, MoveInquiry(c.Change, inquiry, "expired")
		},
		"Inquiries.Resume": resumeInquiry,
		"Inquiries.GenerateOneTimeLink": func(c *engine.Call) (*engine.Answer, error) {
			inquiry, err := c.Find("inquiry")
			if err != nil {
				return nil, err
			}
			life := seconds(c, "meta.expires-in-seconds")
			if _, given := c.Number("meta.expires-in-seconds"); given && life <= 0 {
				return nil, engine.BadRequest("meta.expires_in_seconds must be greater than 0")
			}
			meta, _, err := oneTimeLink(c, inquiry, life)
			return &engine.Answer{One: inquiry, Meta: meta}, err
		},
		"Inquiries.Print": func(c *engine.Call) (*engine.Answer, error) {
			inquiry, err := c.Find("inquiry")
			if err != nil {
				return nil, err
			}
			return c.Printed("Inquiry", inquiry), nil
		},
		"Inquiries.PerformSimulateActions": simulate,
	}
	maps.Copy(operations, tagOperations("Inquiries", "inquiry", emitTags))
	return operations
}

func CreateInquiry(c *engine.Call) (*engine.Answer, error) {
	template, version, err := inquiryTemplate(c)
	if err != nil {
		return nil, err
	}
	account, err := accountOfInquiry(c)
	if err != nil {
		return nil, err
	}
	tags := TagList(c.Texts("data.attributes.tags"))
	if err := CountTags(c.Change, tags); err != nil {
		return nil, err
	}
	if id := c.Text("data.attributes.theme-set-id"); id != "" {
		if theme := c.Get(id); theme == nil || theme.Typ != "theme-set" {
			return nil, engine.NotFound("data.attributes.theme_set_id is not found")
		}
	}
	creator := c.Text("data.attributes.creator-email-address")
	if creator == "" {
		creator = "api@example.com"
	}
	life := seconds(c, "meta.expiration-after-create-interval-seconds")
	if life <= 0 {
		life = inquiryLife
	}
	inquiry := c.Create("inquiry", "inq", map[string]any{
		"status": "created", "tags": tags, "creator": creator, "note": optional(c, "data.attributes.note"),
		"reference-id": nil, "updated-at": simclock.Stamp(c.Now), "expires-at": simclock.Stamp(c.Now.Add(life)),
		"behaviors": nil, RedirectURI: optional(c, "data.attributes.redirect-uri"), afterStart: seconds(c, "meta.expiration-after-start-interval-seconds").Seconds(), afterResume: seconds(c, "meta.expiration-after-resume-interval-seconds").Seconds(),
	}, map[string]any{"inquiry-template": template, "inquiry-template-version": version})
	inquiry.Attributes["fields"] = storage.BlankFields(fieldsOf(c.Change, inquiry))
	if account != nil {
		inquiry.Relationships["account"] = account.Identifier()
		inquiry.Attributes["reference-id"] = account.Attributes["reference-id"]
	} else if reference := c.Text("data.attributes.reference-id"); reference != "" {
		inquiry.Attributes["reference-id"] = reference
	}
	setInquiryFields(c, inquiry)
	c.Schedule(c.Now.Add(life), inquiry.ID)

	meta := map[string]any{"session-token": nil, "one-time-link": nil, "one-time-link-short": nil}
	if c.Flag("meta.auto-create-one-time-link", false) {
		links, _, err := oneTimeLink(c, inquiry, seconds(c, "meta.one-time-link-expiration-seconds"))
		if err != nil {
			return nil, err
		}
		maps.Copy(meta, links)
	}
	if c.Flag("meta.auto-create-inquiry-session", false) {
		session, err := UsableSession(c.Change, inquiry)
		if err != nil {
			return nil, err
		}
		meta["session-token"] = SessionToken(c.Engine, session, c.Now)
	}
	c.Emit("inquiry.created", inquiry, nil)
	return &engine.Answer{Status: 201, One: inquiry, Meta: meta}, nil
}

// inquiryTemplate finds the template that a new inquiry asks for: one of the three
// ways to name it.
func inquiryTemplate(c *engine.Call) (template, version any, err error) {
	if id := c.Text("data.attributes.inquiry-template-version-id"); id != "" {
		r := c.Get(id)
		if r == nil || r.Typ != "inquiry-template-version" {
			return nil, nil, engine.NotFound("data.attributes.inquiry_template_version_id is not found")
		}
		return r.Relationships["inquiry-template"], r.Identifier(), nil
	}
	id := c.Text("data.attributes.inquiry-template-id")
	switch {
	case id == "" && c.Text("data.attributes.template-id") != "":
		return nil, nil, engine.NotFound("data.attributes.template_id is not found")
	case id == "":
		return nil, nil, engine.BadRequest("data.attributes.inquiry_template_id is missing")
	}
	r := c.Get(id)
	if r == nil || r.Typ != "inquiry-template" {
		return nil, nil, engine.NotFound("data.attributes.inquiry_template_id is not found")
	}
	return r.Identifier(), r.Relationships["latest-published-version"], nil
}

// accountOfInquiry finds or makes the account of a new inquiry.
func accountOfInquiry(c *engine.Call) (*storage.Resource, error) {
	if id := c.Text("data.attributes.account-id"); id != "" {
		account := c.Edit(id)
		if account == nil || account.Family() != "account" {
			return nil, engine.NotFound("data.attributes.account_id is not found")
		}
		return account, inUse(account)
	}
	reference, typeID := c.Text("meta.auto-create-account-reference-id"), c.Text("meta.auto-create-account-type-id")
	if !c.Flag("meta.auto-create-account", true) {
		if reference != "" || typeID != "" {
			return nil, engine.BadRequest("meta.auto_create_account must not be false when an account is described")
		}
		return nil, nil
	}
	if reference == "" {
		reference = c.Text("data.attributes.reference-id")
	}
	if reference != "" {
		if account := accountByReference(c.Change, reference, ""); account != nil {
			return account, inUse(account)
		}
	}
	if typeID == "" {
		typeID = AccountTypeID
	}
	if r := c.Get(typeID); r == nil || r.Typ != "account-type" {
		return nil, engine.NotFound("meta.auto_create_account_type_id is not found")
	}
	account := newAccount(c.Change, typeID, reference)
	c.Emit("account.created", account, nil)
	return account, nil
}

// inUse refuses an account that takes nothing new.
func inUse(account *storage.Resource) error {
	if account.Attributes[Archived] == true {
		return engine.Conflict("the account is archived")
	}
	return nil
}

func updateInquiry(c *engine.Call) (*engine.Answer, error) {
	inquiry, err := c.Find("inquiry")
	if err != nil {
		return nil, err
	}
	if note, given := engine.At(c.Body, "data.attributes.note"); given {
		inquiry.Attributes["note"] = note
	}
	if _, given := engine.At(c.Body, "data.attributes.redirect-uri"); given {
		inquiry.Attributes[RedirectURI] = optional(c, "data.attributes.redirect-uri")
	}
	setInquiryFields(c, inquiry)
	inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
	if _, given := engine.At(c.Body, "data.attributes.tags"); given {
		have, _ := inquiry.Attributes["tags"].([]any)
		tags := TagList(c.Texts("data.attributes.tags"))
		added, removed := Without(tags, have), Without(have, tags)
		if err := CountTags(c.Change, added); err != nil {
			return nil, err
		}
		if len(added)+len(removed) > 0 {
			inquiry.Attributes["tags"] = tags
			emitTags(c, inquiry, added, removed)
		}
	}
	return &engine.Answer{One: inquiry}, nil
}

func listInquiries(c *engine.Call) (*engine.Answer, error) {
	if c.Filter("note") != "" {
		for _, other := range []string{"inquiry-id", "account-id", "reference-id", "inquiry-template-id", "template-id", "status", "created-at-start", "created-at-end"} {
			if c.Filter(other) != "" {
				return nil, engine.BadRequest("filter.note must be the only filter")
			}
		}
	}
	if len(engine.SplitList(c.Filter("inquiry-id"))) > 100 {
		return nil, engine.BadRequest("filter.inquiry_id must hold at most 100 ids")
	}
	owners := engine.SplitList(cmp.Or(c.Filter("account-id"), c.Filter("reference-id")))
	start, end := simclock.Moment(c.Filter("created-at-start")), simclock.Moment(c.Filter("created-at-end"))
	return c.List("inquiry", func(r *storage.Resource) bool {
		created := r.Time("created-at")
		return engine.OneOf(c.Filter("inquiry-id"), r.ID) && engine.OneOf(c.Filter("account-id"), r.One("account")) &&
			engine.OneOf(c.Filter("reference-id"), r.Text("reference-id")) && engine.OneOf(c.Filter("status"), r.Text("status")) &&
			engine.OneOf(c.Filter("inquiry-template-id"), r.One("inquiry-template")) && engine.OneOf(c.Filter("template-id"), r.One("template")) &&
			(c.Filter("note") == "" || c.Filter("note") == r.Text("note")) &&
			(start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end))
	}, owners...)
}

func decideInquiry(status string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		inquiry, err := c.Find("inquiry")
		if err != nil {
			return nil, err
		}
		if comment := c.Text("meta.comment"); comment != "" {
			inquiry.Attributes["reviewer-comment"] = comment
		}
		return &engine.Answer{One: inquiry}, MoveInquiry(c.Change, inquiry, status)
	}
}

func resumeInquiry(c *engine.Call) (*engine.Answer, error) {
	inquiry, err := c.Find("inquiry")
	if err != nil {
		return nil, err
	}
	if inquiry.Attributes["redacted-at"] != nil {
		return nil, engine.Conflict("the inquiry is redacted")
	}
	switch status := inquiry.Text("status"); status {
	case "created", "pending":
	case "expired":
		life := inquiry.Duration(afterResume)
		if life <= 0 {
			life = inquiryLife
		}
		inquiry.Attributes["status"] = "pending"
		inquiry.Attributes["expired-at"] = nil
		inquiry.Attributes["expires-at"] = simclock.Stamp(c.Now.Add(life))
		if inquiry.Attributes["started-at"] == nil {
			inquiry.Attributes["started-at"] = simclock.Stamp(c.Now)
		}
		inquiry.Attributes["updated-at"] = simclock.Stamp(c.Now)
		c.Schedule(c.Now.Add(life), inquiry.ID)
	default:
		return nil, engine.Conflict("an inquiry that is " + status + " cannot be resumed")
	}
	session, err := UsableSession(c.Change, inquiry)
	if err != nil {
		return nil, err
	}
	return &engine.Answer{One: inquiry, Meta: map[string]any{"session-token": SessionToken(c.Engine, session, c.Now)}}, nil
}

// optional returns a string of the body, or nil.
func optional(c *engine.Call, path string) any {
	if text := c.Text(path); text != "" {
		return text
	}
	return nil
}

// setInquiryFields takes over the fields of a request.
func setInquiryFields(c *engine.Call, inquiry *storage.Resource) {
	given, names := c.Object("data.attributes.fields"), fieldsOf(c.Change, inquiry)
	if len(given) == 0 {
		return
	}
	fields, _ := inquiry.Attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for name, value := range given {
		if known := casing.Kebab(name); slices.Contains(names, known) {
			name = known
		}
		fields[name] = storage.Field(name, value)
	}
	inquiry.Attributes["fields"] = fields
}
