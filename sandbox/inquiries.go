package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
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
const redirectURI = "_redirect-uri"

// reusable is set once an inquiry made a reusable persona.
const reusable = "_reusable"

func inquiryOperations() map[string]operation {
	operations := map[string]operation{
		"Inquiries.Get":    func(c *call) (*answer, error) { return c.answerFound("inquiry") },
		"Inquiries.Create": createInquiry,
		"Inquiries.Update": updateInquiry,
		"Inquiries.List":   listInquiries,
		"Inquiries.Search": func(c *call) (*answer, error) {
			return c.search("inquiry", func(r *resource, name string) any {
				switch name {
				case "inquiry_template_id":
					return r.one("inquiry-template")
				default:
					return r.attributes[kebab(name)]
				}
			})
		},
		"Inquiries.Redact": func(c *call) (*answer, error) {
			inquiry, err := c.find("inquiry")
			if err != nil {
				return nil, err
			}
			if inquiry.attributes["redacted-at"] != nil {
				return nil, conflict("Inquiry already redacted")
			}
			return &answer{one: inquiry}, c.redactInquiry(inquiry, false)
		},
		"Inquiries.Approve":       decideInquiry("approved"),
		"Inquiries.Decline":       decideInquiry("declined"),
		"Inquiries.MarkForReview": decideInquiry("needs_review"),
		"Inquiries.Expire": func(c *call) (*answer, error) {
			inquiry, err := c.find("inquiry")
			if err != nil {
				return nil, err
			}
			return &answer{one: inquiry}, c.moveInquiry(inquiry, "expired")
		},
		"Inquiries.Resume": resumeInquiry,
		"Inquiries.GenerateOneTimeLink": func(c *call) (*answer, error) {
			inquiry, err := c.find("inquiry")
			if err != nil {
				return nil, err
			}
			life := c.seconds("meta.expires-in-seconds")
			if _, given := c.number("meta.expires-in-seconds"); given && life <= 0 {
				return nil, badRequest("meta.expires_in_seconds must be greater than 0")
			}
			meta, _, err := c.oneTimeLink(inquiry, life)
			return &answer{one: inquiry, meta: meta}, err
		},
		"Inquiries.Print": func(c *call) (*answer, error) {
			inquiry, err := c.find("inquiry")
			if err != nil {
				return nil, err
			}
			return c.printed("Inquiry", inquiry), nil
		},
		"Inquiries.PerformSimulateActions": simulate,
	}
	maps.Copy(operations, tagOperations("Inquiries", "inquiry", emitTags))
	return operations
}

func createInquiry(c *call) (*answer, error) {
	template, version, err := c.inquiryTemplate()
	if err != nil {
		return nil, err
	}
	account, err := c.accountOfInquiry()
	if err != nil {
		return nil, err
	}
	tags := tagList(c.texts("data.attributes.tags"))
	if err := c.countTags(tags); err != nil {
		return nil, err
	}
	if id := c.text("data.attributes.theme-set-id"); id != "" {
		if theme := c.get(id); theme == nil || theme.typ != "theme-set" {
			return nil, notFound("data.attributes.theme_set_id is not found")
		}
	}
	creator := c.text("data.attributes.creator-email-address")
	if creator == "" {
		creator = "api@example.com"
	}
	life := c.seconds("meta.expiration-after-create-interval-seconds")
	if life <= 0 {
		life = inquiryLife
	}
	inquiry := c.create("inquiry", "inq", map[string]any{
		"status": "created", "tags": tags, "creator": creator, "note": c.optional("data.attributes.note"),
		"reference-id": nil, "updated-at": stamp(c.now), "expires-at": stamp(c.now.Add(life)),
		"behaviors": nil, redirectURI: c.optional("data.attributes.redirect-uri"), afterStart: c.seconds("meta.expiration-after-start-interval-seconds").Seconds(), afterResume: c.seconds("meta.expiration-after-resume-interval-seconds").Seconds(),
	}, map[string]any{"inquiry-template": template, "inquiry-template-version": version})
	inquiry.attributes["fields"] = blankFields(c.fieldsOf(inquiry))
	if account != nil {
		inquiry.relationships["account"] = account.identifier()
		inquiry.attributes["reference-id"] = account.attributes["reference-id"]
	} else if reference := c.text("data.attributes.reference-id"); reference != "" {
		inquiry.attributes["reference-id"] = reference
	}
	c.setInquiryFields(inquiry)
	c.remind(c.now.Add(life), inquiry.id)

	meta := map[string]any{"session-token": nil, "one-time-link": nil, "one-time-link-short": nil}
	if c.flag("meta.auto-create-one-time-link", false) {
		links, _, err := c.oneTimeLink(inquiry, c.seconds("meta.one-time-link-expiration-seconds"))
		if err != nil {
			return nil, err
		}
		maps.Copy(meta, links)
	}
	if c.flag("meta.auto-create-inquiry-session", false) {
		session, err := c.usableSession(inquiry)
		if err != nil {
			return nil, err
		}
		meta["session-token"] = c.sandbox.sessionToken(session, c.now)
	}
	c.emit("inquiry.created", inquiry, nil)
	return &answer{status: 201, one: inquiry, meta: meta}, nil
}

// inquiryTemplate finds the template that a new inquiry asks for: one of the three
// ways to name it.
func (c *call) inquiryTemplate() (template, version any, err error) {
	if id := c.text("data.attributes.inquiry-template-version-id"); id != "" {
		r := c.get(id)
		if r == nil || r.typ != "inquiry-template-version" {
			return nil, nil, notFound("data.attributes.inquiry_template_version_id is not found")
		}
		return r.relationships["inquiry-template"], r.identifier(), nil
	}
	id := c.text("data.attributes.inquiry-template-id")
	switch {
	case id == "" && c.text("data.attributes.template-id") != "":
		return nil, nil, notFound("data.attributes.template_id is not found")
	case id == "":
		return nil, nil, badRequest("data.attributes.inquiry_template_id is missing")
	}
	r := c.get(id)
	if r == nil || r.typ != "inquiry-template" {
		return nil, nil, notFound("data.attributes.inquiry_template_id is not found")
	}
	return r.identifier(), r.relationships["latest-published-version"], nil
}

// accountOfInquiry finds or makes the account of a new inquiry.
func (c *call) accountOfInquiry() (*resource, error) {
	if id := c.text("data.attributes.account-id"); id != "" {
		account := c.edit(id)
		if account == nil || account.family() != "account" {
			return nil, notFound("data.attributes.account_id is not found")
		}
		return account, inUse(account)
	}
	reference, typeID := c.text("meta.auto-create-account-reference-id"), c.text("meta.auto-create-account-type-id")
	if !c.flag("meta.auto-create-account", true) {
		if reference != "" || typeID != "" {
			return nil, badRequest("meta.auto_create_account must not be false when an account is described")
		}
		return nil, nil
	}
	if reference == "" {
		reference = c.text("data.attributes.reference-id")
	}
	if reference != "" {
		if account := c.accountByReference(reference, ""); account != nil {
			return account, inUse(account)
		}
	}
	if typeID == "" {
		typeID = AccountTypeID
	}
	if r := c.get(typeID); r == nil || r.typ != "account-type" {
		return nil, notFound("meta.auto_create_account_type_id is not found")
	}
	account := c.newAccount(typeID, reference)
	c.emit("account.created", account, nil)
	return account, nil
}

// inUse refuses an account that takes nothing new.
func inUse(account *resource) error {
	if account.attributes[archived] == true {
		return conflict("the account is archived")
	}
	return nil
}

func updateInquiry(c *call) (*answer, error) {
	inquiry, err := c.find("inquiry")
	if err != nil {
		return nil, err
	}
	if note, given := at(c.body, "data.attributes.note"); given {
		inquiry.attributes["note"] = note
	}
	if _, given := at(c.body, "data.attributes.redirect-uri"); given {
		inquiry.attributes[redirectURI] = c.optional("data.attributes.redirect-uri")
	}
	c.setInquiryFields(inquiry)
	inquiry.attributes["updated-at"] = stamp(c.now)
	if _, given := at(c.body, "data.attributes.tags"); given {
		have, _ := inquiry.attributes["tags"].([]any)
		tags := tagList(c.texts("data.attributes.tags"))
		added, removed := without(tags, have), without(have, tags)
		if err := c.countTags(added); err != nil {
			return nil, err
		}
		if len(added)+len(removed) > 0 {
			inquiry.attributes["tags"] = tags
			emitTags(c, inquiry, added, removed)
		}
	}
	return &answer{one: inquiry}, nil
}

func listInquiries(c *call) (*answer, error) {
	if c.filter("note") != "" {
		for _, other := range []string{"inquiry-id", "account-id", "reference-id", "inquiry-template-id", "template-id", "status", "created-at-start", "created-at-end"} {
			if c.filter(other) != "" {
				return nil, badRequest("filter.note must be the only filter")
			}
		}
	}
	if len(splitList(c.filter("inquiry-id"))) > 100 {
		return nil, badRequest("filter.inquiry_id must hold at most 100 ids")
	}
	owners := splitList(cmp.Or(c.filter("account-id"), c.filter("reference-id")))
	start, end := moment(c.filter("created-at-start")), moment(c.filter("created-at-end"))
	return c.list("inquiry", func(r *resource) bool {
		created := r.time("created-at")
		return oneOf(c.filter("inquiry-id"), r.id) && oneOf(c.filter("account-id"), r.one("account")) &&
			oneOf(c.filter("reference-id"), r.text("reference-id")) && oneOf(c.filter("status"), r.text("status")) &&
			oneOf(c.filter("inquiry-template-id"), r.one("inquiry-template")) && oneOf(c.filter("template-id"), r.one("template")) &&
			(c.filter("note") == "" || c.filter("note") == r.text("note")) &&
			(start.IsZero() || !created.Before(start)) && (end.IsZero() || !created.After(end))
	}, owners...)
}

func decideInquiry(status string) operation {
	return func(c *call) (*answer, error) {
		inquiry, err := c.find("inquiry")
		if err != nil {
			return nil, err
		}
		if comment := c.text("meta.comment"); comment != "" {
			inquiry.attributes["reviewer-comment"] = comment
		}
		return &answer{one: inquiry}, c.moveInquiry(inquiry, status)
	}
}

func resumeInquiry(c *call) (*answer, error) {
	inquiry, err := c.find("inquiry")
	if err != nil {
		return nil, err
	}
	if inquiry.attributes["redacted-at"] != nil {
		return nil, conflict("the inquiry is redacted")
	}
	switch status := inquiry.text("status"); status {
	case "created", "pending":
	case "expired":
		life := inquiry.duration(afterResume)
		if life <= 0 {
			life = inquiryLife
		}
		inquiry.attributes["status"] = "pending"
		inquiry.attributes["expired-at"] = nil
		inquiry.attributes["expires-at"] = stamp(c.now.Add(life))
		if inquiry.attributes["started-at"] == nil {
			inquiry.attributes["started-at"] = stamp(c.now)
		}
		inquiry.attributes["updated-at"] = stamp(c.now)
		c.remind(c.now.Add(life), inquiry.id)
	default:
		return nil, conflict("an inquiry that is " + status + " cannot be resumed")
	}
	session, err := c.usableSession(inquiry)
	if err != nil {
		return nil, err
	}
	return &answer{one: inquiry, meta: map[string]any{"session-token": c.sandbox.sessionToken(session, c.now)}}, nil
}

// optional returns a string of the body, or nil.
func (c *call) optional(path string) any {
	if text := c.text(path); text != "" {
		return text
	}
	return nil
}

// personFields are the fields of the fixtures' inquiry template, by name.
func personFields() []string {
	return []string{
		"name-first", "name-middle", "name-last", "birthdate", "email-address", "phone-number", "identification-number",
		"address-street-1", "address-street-2", "address-city", "address-subdivision", "address-postal-code", "address-country-code",
	}
}

func blankFields(names []string) map[string]any {
	fields := map[string]any{}
	for _, name := range names {
		fields[name] = field(name, nil)
	}
	return fields
}

// field writes a field as reads show it.
func field(name string, value any) map[string]any {
	typ := "string"
	switch value.(type) {
	case bool:
		typ = "boolean"
	case float64:
		typ = "number"
	case []any:
		typ = "multi_choices"
	case map[string]any:
		typ = "json"
	}
	if strings.HasSuffix(name, "birthdate") {
		typ = "date"
	}
	return map[string]any{"type": typ, "value": value}
}

// setInquiryFields takes over the fields of a request.
func (c *call) setInquiryFields(inquiry *resource) {
	given, names := c.object("data.attributes.fields"), c.fieldsOf(inquiry)
	if len(given) == 0 {
		return
	}
	fields, _ := inquiry.attributes["fields"].(map[string]any)
	fields = maps.Clone(fields)
	for name, value := range given {
		if known := kebab(name); slices.Contains(names, known) {
			name = known
		}
		fields[name] = field(name, value)
	}
	inquiry.attributes["fields"] = fields
}
