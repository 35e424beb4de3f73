package sandbox

import (
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/resources"
)

// The contents of a new sandbox: a key of each environment, and resources that have the same
// ids in both.
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

// A workflow, a graph query template, an importer pipeline and a user of the dashboard.
const (
	WorkflowID           = resources.WorkflowID
	WorkflowVersionID    = resources.WorkflowVersionID
	GraphQueryTemplateID = resources.GraphQueryTemplateID
	ImporterPipelineID   = resources.ImporterPipelineID
	UserID               = resources.UserID
	UserSessionID        = resources.UserSessionID
	UserAuditLogID       = resources.UserAuditLogID
)

// The report templates, one of each kind. Only [Sandbox.Act] creates reports about the
// associated persons or the registrations of a business, or about SentiLink's scores.
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

// Inputs that make reports and graph queries fail. They are the sandbox's own: Persona
// documents none.
const (
	ReportErrorText       = reportkind.ErrorText            // in the query of a report, or a parameter of a graph query
	GraphQueryTimeoutText = resources.GraphQueryTimeoutText // a parameter of a graph query that then times out
)
