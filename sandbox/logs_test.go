package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestLogsAndEventsCanBeReadForAWhile(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	newInquiry(t, client, "")
	logs, err := client.APILogs.ListPage(ctx, persona.APILogListParams{})
	ok(t, err)
	happened, err := client.Events.ListPage(ctx, persona.EventListParams{})
	ok(t, err)
	readable := func(wantLog, wantEvent bool) {
		t.Helper()
		_, err := client.APILogs.Get(ctx, logs.Data[0].ID)
		listed, listErr := client.APILogs.ListPage(ctx, persona.APILogListParams{Size: 100})
		ok(t, listErr)
		found := false
		for _, log := range listed.Data {
			found = found || log.ID == logs.Data[0].ID
		}
		if (err == nil) != wantLog || found != wantLog || err != nil && !errors.Is(err, persona.ErrNotFound) {
			t.Errorf("the log: %v, listed %v", err, found)
		}
		_, err = client.Events.Get(ctx, happened.Data[0].ID)
		if (err == nil) != wantEvent || (len(events(t, client)) > 0) != wantEvent || err != nil && !errors.Is(err, persona.ErrNotFound) {
			t.Errorf("the event: %v", err)
		}
	}
	const day = 24 * time.Hour
	server.Advance(14*day - time.Minute)
	readable(true, true)
	server.Advance(time.Minute)
	readable(false, true)
	server.Advance(75 * day)
	readable(false, true)
	server.Advance(2 * day)
	readable(false, false)
	production := server.client(persona.WithAPIKey(sandbox.ProductionKey))
	_, err = production.UserAuditLogs.Get(ctx, sandbox.UserAuditLogID)
	ok(t, err)
	server.Advance(90 * day)
	_, err = production.UserAuditLogs.Get(ctx, sandbox.UserAuditLogID)
	page, listErr := production.UserAuditLogs.ListPage(ctx, persona.UserAuditLogListParams{})
	ok(t, listErr)
	if !errors.Is(err, persona.ErrNotFound) || len(page.Data) != 0 {
		t.Errorf("what a user did half a year ago: %v, and %d are listed", err, len(page.Data))
	}
}
