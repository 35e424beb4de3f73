package sandbox

import "github.com/idemhq/idem/sandbox/internal/resources"

// What a new sandbox holds, in both environments alike but for the keys.
const (
	SandboxKey               = resources.SandboxKey
	ProductionKey            = resources.ProductionKey
	InquiryTemplateID        = resources.InquiryTemplateID
	InquiryTemplateVersionID = resources.InquiryTemplateVersionID
	GovernmentIDTemplateID   = resources.GovernmentIDTemplateID
	SelfieTemplateID         = resources.SelfieTemplateID
	DatabaseTemplateID       = resources.DatabaseTemplateID
	DocumentTemplateID       = resources.DocumentTemplateID
	CaseTemplateID           = resources.CaseTemplateID
	CaseQueueID              = resources.CaseQueueID
	AccountTypeID            = resources.AccountTypeID
	DefaultAccountStatusID   = resources.DefaultAccountStatusID
	ActiveAccountStatusID    = resources.ActiveAccountStatusID
	BlockedAccountStatusID   = resources.BlockedAccountStatusID
	AccountActionID          = resources.AccountActionID
	TransactionTypeID        = resources.TransactionTypeID
	ThemeSetID               = resources.ThemeSetID
)

// The workflow, the graph query template, the importer pipeline and the dashboard's user of a new sandbox.
const (
	WorkflowID           = resources.WorkflowID
	WorkflowVersionID    = resources.WorkflowVersionID
	GraphQueryTemplateID = resources.GraphQueryTemplateID
	ImporterPipelineID   = resources.ImporterPipelineID
	UserID               = resources.UserID
	UserSessionID        = resources.UserSessionID
	UserAuditLogID       = resources.UserAuditLogID
)

// The report templates of a new sandbox, one of each kind. Reports about the associated
// persons and the registrations of a business, and of SentiLink's scores, come from
// [Sandbox.Act] alone.
const (
	AddressLookupReportTemplateID             = resources.AddressLookupReportTemplateID
	AdverseMediaReportTemplateID              = resources.AdverseMediaReportTemplateID
	BusinessAdverseMediaReportTemplateID      = resources.BusinessAdverseMediaReportTemplateID
	BusinessAssociatedPersonsReportTemplateID = resources.BusinessAssociatedPersonsReportTemplateID
	BusinessRegistrationsReportTemplateID     = resources.BusinessRegistrationsReportTemplateID
	SentilinkScoresReportTemplateID           = resources.SentilinkScoresReportTemplateID
	BusinessLookupReportTemplateID            = resources.BusinessLookupReportTemplateID
	BusinessWatchlistReportTemplateID         = resources.BusinessWatchlistReportTemplateID
	CryptoAddressWatchlistReportTemplateID    = resources.CryptoAddressWatchlistReportTemplateID
	EmailAddressReportTemplateID              = resources.EmailAddressReportTemplateID
	PhoneNumberReportTemplateID               = resources.PhoneNumberReportTemplateID
	PoliticallyExposedPersonReportTemplateID  = resources.PoliticallyExposedPersonReportTemplateID
	ProfileReportTemplateID                   = resources.ProfileReportTemplateID
	ProfileNonAuthoritativeReportTemplateID   = resources.ProfileNonAuthoritativeReportTemplateID
	SocialMediaReportTemplateID               = resources.SocialMediaReportTemplateID
	SyntheticReportTemplateID                 = resources.SyntheticReportTemplateID
	WatchlistReportTemplateID                 = resources.WatchlistReportTemplateID
)

// The inputs that make things go wrong. Persona documents no such inputs: they are the
// sandbox's own.
const (
	ReportErrorText       = resources.ReportErrorText
	GraphQueryTimeoutText = resources.GraphQueryTimeoutText
)
