package resources

import (
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// Coverage returns the operations the sandbox serves, and those it does not yet.
func Coverage() (served, missing []persona.Operation) {
	handlers := Handlers()
	for _, op := range persona.Operations() {
		if handlers[op.ID] != nil {
			served = append(served, op)
		} else {
			missing = append(missing, op)
		}
	}
	return served, missing
}

// Handlers are the operations the sandbox serves, by operationId.
func Handlers() map[string]engine.Operation {
	all := map[string]engine.Operation{}
	byName := map[string]string{}
	for _, op := range persona.Operations() {
		byName[op.Name()] = op.ID
	}
	for _, service := range []map[string]engine.Operation{
		inquiryOperations(), sessionOperations(), verificationOperations(), caseOperations(), accountOperations(),
		transactionOperations(), listOperations(), listItemOperations(), importerOperations(), themeSetOperations(), deviceOperations(), webhookOperations(), eventOperations(), keyOperations(), logOperations(), reportOperations(),
		documentOperations(), workflowOperations(), graphQueryOperations(), inquiryTemplateOperations(), userAuditLogOperations(),
		connectOperations(), oauthOperations(), relayOperations(),
	} {
		for name, do := range service {
			all[byName[name]] = do
		}
	}
	delete(all, "")
	return all
}
