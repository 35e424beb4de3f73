// Package api is the service's HTTP API below /v1, which describes itself at /openapi.json.
// Hosts read verdicts, and operators read and replay events and actions.
package api
