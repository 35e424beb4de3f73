// Package api is the service's HTTP API below /v1. /openapi.json describes it. Host
// applications read verdicts; operators read and replay events and actions.
package api
