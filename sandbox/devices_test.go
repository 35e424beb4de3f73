package sandbox_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestASessionHasTheDeviceItWasOpenedWith(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	devices := func(session string) (found []*persona.Device) {
		for device, err := range client.Devices.List(ctx, persona.DeviceListParams{InquirySessionID: session}) {
			ok(t, err)
			found = append(found, device)
		}
		return found
	}
	opened := func(browser string) string {
		link, err := client.Inquiries.GenerateOneTimeLink(ctx, newInquiry(t, client, "").ID, persona.InquiryGenerateOneTimeLinkParams{})
		ok(t, err)
		session := ""
		for s, err := range client.InquirySessions.List(ctx, persona.InquirySessionListParams{InquiryID: link.ID}) {
			ok(t, err)
			session = s.ID
		}
		if got := devices(session); len(got) != 0 {
			t.Errorf("before it is opened the session has %d devices", len(got))
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, link.Meta.OneTimeLink, nil)
		ok(t, err)
		request.Header.Set("User-Agent", browser)
		response, err := http.DefaultClient.Do(request)
		ok(t, err)
		ok(t, response.Body.Close())
		got := devices(session)
		if len(got) != 1 || got[0].Attributes.BrowserFingerprint == "" {
			t.Fatalf("the session was opened, and has the devices %v", got)
		}
		return got[0].ID
	}
	phone, again, laptop := opened("Phone/1"), opened("Phone/1"), opened("Laptop/1")
	if phone != again || phone == laptop {
		t.Errorf("the devices are %s, %s and %s", phone, again, laptop)
	}
	got, err := client.Devices.Get(ctx, laptop)
	ok(t, err)
	if got.ID != laptop {
		t.Errorf("the device is %s", got.Raw)
	}
	if _, err := client.Devices.Get(ctx, "dev_1"); !errors.Is(err, persona.ErrNotFound) {
		t.Errorf("an unknown device: %v", err)
	}
	if got := devices("iqse_1"); len(got) != 0 {
		t.Errorf("an unknown session has %d devices", len(got))
	}
	if status, _, doc := server.do("GET", "/api/v1/devices", ""); status != 400 || details(doc) != "filter.inquiry_session_id is missing" {
		t.Errorf("without a session: %d %v", status, doc)
	}
}
