package resources

import (
	"maps"
	"strings"
	"sync"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Behaviour returns how the resources behave. The caller adds what a new environment
// contains.
func Behaviour() engine.Behaviour {
	return engine.Behaviour{Operations: operations(), Due: dueByFamily(), UniqueName: uniqueName, Expire: expireRefused}
}

// Coverage returns the operations that the sandbox serves, and those that it does not.
func Coverage() (served, missing []persona.Operation) {
	all := operations()
	for _, op := range persona.Operations() {
		if all[op.ID] != nil {
			served = append(served, op)
		} else {
			missing = append(missing, op)
		}
	}
	return served, missing
}

// operations returns the implemented operations, by operationId. All sandboxes share them.
var operations = sync.OnceValue(func() map[string]engine.Operation {
	byName := map[string]engine.Operation{}
	for _, service := range []map[string]engine.Operation{
		accountOperations(), caseOperations(), connectOperations(), deviceOperations(), documentOperations(), graphQueryOperations(),
		importerOperations(), inquiryOperations(), inquiryTemplateOperations(), keyOperations(), listOperations(), listItemOperations(),
		logOperations(), oauthOperations(), relayOperations(), reportOperations(), sessionOperations(), themeSetOperations(),
		transactionOperations(), verificationOperations(), webhookOperations(), workflowOperations(),
	} {
		maps.Copy(byName, service)
	}
	byID := map[string]engine.Operation{}
	for _, op := range persona.Operations() {
		if do := byName[op.Name()]; do != nil {
			byID[op.ID] = do
		}
	}
	return byID
})

// dueByFamily returns what happens to the resources of each family at a scheduled time.
func dueByFamily() map[string]func(*engine.Change, *storage.Resource) {
	return map[string]func(*engine.Change, *storage.Resource){
		"account":               redactionDue,
		"case":                  slaDue,
		"connect":               connectDue,
		"document":              documentDue,
		"graph-query":           graphQueryDue,
		"importer":              runImport,
		"importer-pipeline-run": pipelineRunDue,
		"inquiry":               inquiryDue,
		"inquiry-session":       sessionDue,
		"relay":                 relayDue,
		"report":                reportDue,
		"verification":          verificationDue,
		"workflow-run":          workflowRunDue,
	}
}

// The kinds of unique names.
const (
	accountName     = "account"     // the reference id in lower case
	transactionName = "transaction" // the id of the type and the reference id: see transactionNameOf
	listItemName    = "list-item"   // the list and the values: see listKind.nameOf
)

// ReferencedAccount returns the id of the latest account with a reference id, or "". Case
// does not matter.
func ReferencedAccount(env *engine.Environment, reference string) string {
	return env.Named(accountName, strings.ToLower(reference))
}

// uniqueName returns the name that no other resource has, or "".
func uniqueName(r *storage.Resource) (kind, name string) {
	reference := r.Text("reference-id")
	switch {
	case r.Typ == "account":
		return accountName, strings.ToLower(reference)
	case r.Typ == "transaction" && reference != "":
		return transactionName, transactionNameOf(r.One("transaction-type"), reference)
	case r.Family() == "list-item" && r.Text("status") == "active":
		return listItemName, r.Text(itemName)
	}
	return "", ""
}
