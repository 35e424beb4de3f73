package resources

import (
	"cmp"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/finding"
	"github.com/idemhq/idem/sandbox/internal/schema"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// inquiryLife is how long an inquiry may take (Persona help: Controlling when inquiries
// expire).
const inquiryLife = 24 * time.Hour

const (
	afterStart  = "_after-start"  // how many seconds an inquiry may take after its start, if a request says so
	afterResume = "_after-resume" // how many seconds it may take after it is resumed, if a request says so
	RedirectURI = "_redirect-uri" // where the hosted page leads at the end
	HeldChoice  = "_held-choice"  // what a person chose on the hosted page about a step that is asked for again
	Reusable    = "_reusable"     // true if the inquiry created a reusable persona
)

func inquiryOperations() map[string]engine.Operation {
	operations := map[string]engine.Operation{
		"Inquiries.Get":                    engine.Get("inquiry"),
		"Inquiries.Create":                 createInquiry,
		"Inquiries.Update":                 edit("inquiry", updateInquiry),
		"Inquiries.List":                   listInquiries,
		"Inquiries.Search":                 func(c *engine.Call) (*engine.Answer, error) { return c.Search("inquiry", inquiryValue) },
		"Inquiries.Redact":                 redactOnce("inquiry", edit("inquiry", redactGivenInquiry)),
		"Inquiries.Approve":                edit("inquiry", decide("approved")),
		"Inquiries.Decline":                edit("inquiry", decide("declined")),
		"Inquiries.MarkForReview":          edit("inquiry", decide("needs_review")),
		"Inquiries.Expire":                 edit("inquiry", func(c *engine.Call, r *storage.Resource) error { return MoveInquiry(c.Change, r, "expired") }),
		"Inquiries.Resume":                 resumeInquiry,
		"Inquiries.GenerateOneTimeLink":    generateLink,
		"Inquiries.Print":                  printed("Inquiry", "inquiry"),
		"Inquiries.PerformSimulateActions": simulate,
	}
	maps.Copy(operations, tagOperations("Inquiries", "inquiry", EmitTags))
	return operations
}

// inquiryValue returns the value of an inquiry by the name that a search uses.
func inquiryValue(r *storage.Resource, name string) any {
	if name == "inquiry_template_id" {
		return r.One("inquiry-template")
	}
	return r.Attributes[casing.Kebab(name)]
}

func redactGivenInquiry(c *engine.Call, inquiry *storage.Resource) error {
	if inquiry.Attributes["redacted-at"] != nil {
		return engine.Conflict("Inquiry already redacted")
	}
	return redactInquiry(c.Change, inquiry, false)
}

func generateLink(c *engine.Call) (*engine.Answer, error) {
	inquiry, err := c.Find("inquiry")
	if err != nil {
		return nil, err
	}
	life := seconds(c, "meta.expires-in-seconds")
	if _, given := c.Number("meta.expires-in-seconds"); given && life <= 0 {
		return nil, engine.BadRequest("meta.expires_in_seconds must be greater than 0")
	}
	meta, err := oneTimeLink(c, inquiry, life)
	return &engine.Answer{One: inquiry, Meta: meta}, err
}

func createInquiry(c *engine.Call) (*engine.Answer, error) {
	template, version, err := inquiryTemplate(c)
	if err != nil {
		return nil, err
	}
	account, err := accountOfInquiry(c)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(c)
	if err != nil {
		return nil, err
	}
	if c.Text("data.attributes.theme-set-id") != "" {
		if _, err := c.Referenced("data.attributes.theme-set-id", "theme-set"); err != nil {
			return nil, err
		}
	}
	life := seconds(c, "meta.expiration-after-create-interval-seconds")
	if life <= 0 {
		life = inquiryLife
	}
	inquiry := newInquiry(c.Change, map[string]any{
		"tags": tags, "creator": cmp.Or(c.Text("data.attributes.creator-email-address"), "API"), "note": textOrNil(c, "data.attributes.note"),
		"expires-at": simclock.Stamp(c.Now.Add(life)), RedirectURI: textOrNil(c, "data.attributes.redirect-uri"),
		afterStart: seconds(c, "meta.expiration-after-start-interval-seconds").Seconds(), afterResume: seconds(c, "meta.expiration-after-resume-interval-seconds").Seconds(),
	}, map[string]any{"inquiry-template": template, "inquiry-template-version": version})
	if account != nil {
		inquiry.Relationships["account"] = account.Identifier()
		inquiry.Attributes["reference-id"] = account.Attributes["reference-id"]
	} else if reference := c.Text("data.attributes.reference-id"); reference != "" {
		inquiry.Attributes["reference-id"] = reference
	}
	if err := schema.SetInquiry(c, inquiry); err != nil {
		return nil, err
	}
	c.Schedule(c.Now.Add(life), inquiry.ID)
	meta, err := entryMeta(c, inquiry)
	if err != nil {
		return nil, err
	}
	c.Emit("inquiry.created", inquiry, nil)
	return &engine.Answer{Status: 201, One: inquiry, Meta: meta}, nil
}

// newInquiry makes an inquiry of a template, whose fields have no values.
func newInquiry(c *engine.Change, attributes, relationships map[string]any) *storage.Resource {
	inquiry := c.Create("inquiry", "inq", attributes, relationships)
	maps.Copy(inquiry.Attributes, map[string]any{
		"status": "created", "reference-id": nil, "updated-at": simclock.Stamp(c.Now), "next-step-name": firstStep,
		"fields": schema.BlankInquiry(c.Get(inquiry.One("inquiry-template"))),
	})
	return inquiry
}

// entryMeta creates the session and the link that a request asks for with a new inquiry.
func entryMeta(c *engine.Call, inquiry *storage.Resource) (map[string]any, error) {
	meta := map[string]any{"session-token": nil, "one-time-link": nil, "one-time-link-short": nil}
	if c.Flag("meta.auto-create-one-time-link", false) {
		links, err := oneTimeLink(c, inquiry, seconds(c, "meta.one-time-link-expiration-seconds"))
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
	return meta, nil
}

// inquiryTemplate finds the template of a new inquiry, which a request can name in three
// ways. An unknown one is a 400, as observed at Persona; one of the old form, which no sandbox
// has, is a 404.
func inquiryTemplate(c *engine.Call) (template, version any, err error) {
	const versionPath, path = "data.attributes.inquiry-template-version-id", "data.attributes.inquiry-template-id"
	switch id := c.Text(path); {
	case c.Text(versionPath) != "":
		r, err := c.Referenced(versionPath, "inquiry-template-version")
		if err != nil {
			return nil, nil, engine.BadRequest(engine.SnakePath(versionPath) + " is not found")
		}
		return r.Relationships["inquiry-template"], r.Identifier(), nil
	case id == "" && c.Text("data.attributes.template-id") != "":
		return nil, nil, engine.NotFound("data.attributes.template_id is not found")
	case id == "":
		return nil, nil, engine.BadRequest("data.attributes.inquiry_template_id is missing")
	}
	r, err := c.Referenced(path, "inquiry-template")
	if err != nil {
		return nil, nil, engine.BadRequest(engine.SnakePath(path) + " is not found")
	}
	return r.Identifier(), r.Relationships["latest-published-version"], nil
}

// accountOfInquiry finds or creates the account of a new inquiry or report. It is nil if the
// request wants none.
func accountOfInquiry(c *engine.Call) (*storage.Resource, error) {
	if c.Text("data.attributes.account-id") != "" {
		account, err := c.Referenced("data.attributes.account-id", "account")
		if err != nil {
			return nil, err
		}
		return account, refuseArchived(account)
	}
	reference := c.Text("meta.auto-create-account-reference-id")
	if !c.Flag("meta.auto-create-account", true) {
		if reference != "" || c.Text("meta.auto-create-account-type-id") != "" {
			return nil, engine.BadRequest("meta.auto_create_account must not be false when an account is described")
		}
		return nil, nil
	}
	reference = cmp.Or(reference, c.Text("data.attributes.reference-id"))
	if utf8.RuneCountInString(reference) > schema.MaxText {
		return nil, tooLong()
	}
	if reference != "" {
		if account := accountByReference(c.Change, reference, ""); account != nil {
			return account, refuseArchived(account)
		}
	}
	typeID, err := accountTypeOf(c, "meta.auto-create-account-type-id")
	if err != nil {
		return nil, err
	}
	account := newAccount(c.Change, typeID, reference)
	c.Emit("account.created", account, nil)
	return account, nil
}

// refuseArchived refuses an account that accepts nothing new.
func refuseArchived(account *storage.Resource) error {
	if account.Attributes[Archived] == true {
		return engine.Conflict("the account is archived")
	}
	return nil
}

func updateInquiry(c *engine.Call, inquiry *storage.Resource) error {
	copyGiven(c, inquiry, "note")
	if _, given := c.Value("data.attributes.redirect-uri"); given {
		inquiry.Attributes[RedirectURI] = textOrNil(c, "data.attributes.redirect-uri")
	}
	before := finding.MagicField(inquiry)
	if err := schema.SetInquiry(c, inquiry); err != nil {
		return err
	}
	if finding.MagicField(inquiry) != before {
		finding.ForgetMagic(inquiry)
	}
	c.Stamp(inquiry, "updated-at")
	return setGivenTags(c, inquiry, EmitTags)
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
	created := createdBetween(c)
	return c.List("inquiry", func(r *storage.Resource) bool {
		return engine.Accepts(c.Filter("inquiry-id"), r.ID) && accepted(c, r, "account-id", "reference-id", "status", "inquiry-template-id", "template-id") &&
			(c.Filter("note") == "" || c.Filter("note") == r.Text("note")) && created(r)
	}, owners...)
}

// decide returns a change that gives an inquiry the status of a decision.
func decide(status string) func(*engine.Call, *storage.Resource) error {
	return func(c *engine.Call, inquiry *storage.Resource) error {
		if comment := c.Text("meta.comment"); comment != "" {
			inquiry.Attributes["reviewer-comment"] = comment
		}
		return MoveInquiry(c.Change, inquiry, status)
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
		if inquiry.Attributes["started-at"] == nil {
			c.Stamp(inquiry, "started-at")
		}
		c.Stamp(inquiry, "updated-at")
		wait(c.Change, inquiry, "expires-at", life)
	default:
		return nil, engine.Conflict("an inquiry that is " + status + " cannot be resumed")
	}
	session, err := UsableSession(c.Change, inquiry)
	if err != nil {
		return nil, err
	}
	return &engine.Answer{One: inquiry, Meta: map[string]any{"session-token": SessionToken(c.Engine, session, c.Now)}}, nil
}
