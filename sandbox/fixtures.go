package sandbox

import (
	"github.com/idemhq/idem/sandbox/internal/fixtures"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/resources"
)

// The contents of a new sandbox: a key of each environment, and resources that have the same
// ids in both.
const (
	SandboxKey               = fixtures.SandboxKey
	ProductionKey            = fixtures.ProductionKey
	InquiryTemplateID        = fixtures.InquiryTemplateID
	InquiryTemplateVersionID = fixtures.InquiryTemplateVersionID
	GovernmentIDTemplateID   = fixtures.GovernmentIDTemplateID
	SelfieTemplateID         = fixtures.SelfieTemplateID
	DatabaseTemplateID       = fixtures.DatabaseTemplateID
	DocumentTemplateID       = fixtures.DocumentTemplateID
	CaseTemplateID           = fixtures.CaseTemplateID
	CaseQueueID              = fixtures.CaseQueueID
	AccountTypeID            = fixtures.AccountTypeID
	DefaultAccountStatusID   = fixtures.DefaultAccountStatusID
	ActiveAccountStatusID    = fixtures.ActiveAccountStatusID
	BlockedAccountStatusID   = fixtures.BlockedAccountStatusID
	AccountActionID          = fixtures.AccountActionID
	TransactionTypeID        = fixtures.TransactionTypeID
	ThemeSetID               = fixtures.ThemeSetID
)

// A workflow, a graph query template, an importer pipeline and a user of the dashboard.
const (
	WorkflowID           = fixtures.WorkflowID
	WorkflowVersionID    = fixtures.WorkflowVersionID
	GraphQueryTemplateID = fixtures.GraphQueryTemplateID
	ImporterPipelineID   = fixtures.ImporterPipelineID
	UserID               = fixtures.UserID
	UserSessionID        = fixtures.UserSessionID
	UserAuditLogID       = fixtures.UserAuditLogID
)

// The report templates, one of each kind. Only [Sandbox.Act] creates reports about the
// associated persons or the registrations of a business, or about SentiLink's scores.
const (
	AddressLookupReportTemplateID             = fixtures.AddressLookupReportTemplateID
	AdverseMediaReportTemplateID              = fixtures.AdverseMediaReportTemplateID
	BusinessAdverseMediaReportTemplateID      = fixtures.BusinessAdverseMediaReportTemplateID
	BusinessAssociatedPersonsReportTemplateID = fixtures.BusinessAssociatedPersonsReportTemplateID
	BusinessRegistrationsReportTemplateID     = fixtures.BusinessRegistrationsReportTemplateID
	SentilinkScoresReportTemplateID           = fixtures.SentilinkScoresReportTemplateID
	BusinessLookupReportTemplateID            = fixtures.BusinessLookupReportTemplateID
	BusinessWatchlistReportTemplateID         = fixtures.BusinessWatchlistReportTemplateID
	CryptoAddressWatchlistReportTemplateID    = fixtures.CryptoAddressWatchlistReportTemplateID
	EmailAddressReportTemplateID              = fixtures.EmailAddressReportTemplateID
	PhoneNumberReportTemplateID               = fixtures.PhoneNumberReportTemplateID
	PoliticallyExposedPersonReportTemplateID  = fixtures.PoliticallyExposedPersonReportTemplateID
	ProfileReportTemplateID                   = fixtures.ProfileReportTemplateID
	ProfileNonAuthoritativeReportTemplateID   = fixtures.ProfileNonAuthoritativeReportTemplateID
	SocialMediaReportTemplateID               = fixtures.SocialMediaReportTemplateID
	SyntheticReportTemplateID                 = fixtures.SyntheticReportTemplateID
	WatchlistReportTemplateID                 = fixtures.WatchlistReportTemplateID
)

// Inputs that make reports and graph queries fail. They are the sandbox's own: Persona
// documents none.
const (
	ReportErrorText       = reportkind.ErrorText            // in the query of a report, or a parameter of a graph query
	GraphQueryTimeoutText = resources.GraphQueryTimeoutText // a parameter of a graph query that then times out
)
