package service

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona/webhook"
)

// testInvalidRequestsAreRejected sends invalid requests to the API. The answers are the same
// on every database, and none of them is 500 or 503.
func testInvalidRequestsAreRejected(t *testing.T, database Secret) {
	w := newWorld(t, database)
	if got := w.event("evt_1", "inq_1"); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	w.eventually("the inquiry is known", func() bool { return len(get[listed[api.Event]](w, "/v1/sandbox/events?object=inq_1").Data) == 1 })
	long := strings.Repeat("x", 300)
	for name, test := range map[string]struct {
		path string
		body string // sent with POST; empty means GET
		want int
	}{
		// Valid requests, for comparison.
		"a list":                        {path: "events", want: 200},
		"a list of an object":           {path: "events?object=inq_1", want: 200},
		"a list of an unknown object":   {path: "events?object=inq_no", want: 200},
		"a list of one state":           {path: "events?state=waiting&limit=1", want: 200},
		"actions of one state":          {path: "actions?state=skipped", want: 200},
		"notifications from the start":  {path: "notifications?after=0", want: 200},
		"an event":                      {path: "events/evt_1", want: 200},
		"an unknown subject":            {path: "subjects/nobody", want: 200},
		"a subject with a slash":        {path: "subjects/a%2Fb", want: 200},
		"a subject that is ..":          {path: "subjects/%2e%2e", want: 200},
		"a subject outside of ASCII":    {path: "subjects/%E5%90%8D", want: 200},
		"the longest reference id":      {path: "subjects/" + strings.Repeat("x", 254), want: 200},
		"a replay that matches nothing": {path: "replay", body: `{"object":"inq_1","state":"poison"}`, want: 200},

		// Queries.
		"an unknown parameter":                            {path: "events?status=waiting", want: 422},
		"a parameter with other capitals":                 {path: "events?State=waiting", want: 422},
		"an unknown parameter of a subject":               {path: "subjects/user-1?verdict=approved", want: 422},
		"an unknown parameter of an event":                {path: "events/evt_1?body=false", want: 422},
		"an unknown parameter of the backlog":             {path: "backlog?limit=1", want: 422},
		"an unknown parameter of the audit":               {path: "audit?before=1", want: 422},
		"an unknown parameter of a replay":                {path: "replay?state=poison", body: `{"object":"inq_1"}`, want: 422},
		"an unknown state of events":                      {path: "events?state=broken", want: 422},
		"a state of actions for events":                   {path: "events?state=dead", want: 422},
		"a state of events for actions":                   {path: "actions?state=poison", want: 422},
		"an empty state":                                  {path: "events?state=", want: 422},
		"a state without a value":                         {path: "events?state", want: 422},
		"two states":                                      {path: "events?state=waiting&state=poison", want: 422},
		"a state with a NUL byte":                         {path: "events?state=poison%00", want: 422},
		"a state of objects":                              {path: "objects?state=approved", want: 422},
		"a state of decisions":                            {path: "decisions?state=decided", want: 422},
		"a state of notifications":                        {path: "notifications?state=waiting", want: 422},
		"a state of reconciliations":                      {path: "reconciliations?state=waiting", want: 422},
		"an object of reconciliations":                    {path: "reconciliations?object=inq_1", want: 422},
		"a cursor that is a word":                         {path: "events?before=newest", want: 422},
		"a cursor below zero":                             {path: "events?before=-1", want: 422},
		"a cursor of zero":                                {path: "events?before=0", want: 422},
		"a cursor that overflows int64":                   {path: "events?before=99999999999999999999", want: 422},
		"a cursor with a fraction":                        {path: "objects?before=1.5", want: 422},
		"a forward cursor that is a word":                 {path: "notifications?after=newest", want: 422},
		"a forward cursor below zero":                     {path: "notifications?after=-1", want: 422},
		"a forward cursor that overflows int64":           {path: "notifications?after=99999999999999999999", want: 422},
		"a forward cursor of events":                      {path: "events?after=1", want: 422},
		"both cursors":                                    {path: "notifications?after=1&before=9", want: 422},
		"a limit of zero":                                 {path: "events?limit=0", want: 422},
		"a limit that is too high":                        {path: "events?limit=101", want: 422},
		"a limit that is a word":                          {path: "events?limit=all", want: 422},
		"an audit limit that is too high":                 {path: "audit?limit=1001", want: 422},
		"an audit cursor below zero":                      {path: "audit?after=-1", want: 422},
		"an object id with a NUL byte":                    {path: "events?object=inq_%00", want: 422},
		"an object id that is not UTF-8":                  {path: "actions?object=inq_%ff", want: 422},
		"an object id that is ..":                         {path: "decisions?object=..", want: 422},
		"an object id with a space":                       {path: "objects?object=inq%201", want: 422},
		"an object id that is too long":                   {path: "notifications?object=" + long, want: 422},
		"an empty object id":                              {path: "events?object=", want: 422},
		"a query with an incomplete escape":               {path: "events?object=%e", want: 422},
		"a query with a semicolon":                        {path: "events?object=inq_1;state=poison", want: 422},
		"a parameter whose name is not UTF-8":             {path: "events?%ff=1", want: 422},
		"an unknown environment":                          {path: "../moon/events", want: 404},
		"an unknown environment without dots in the path": {path: "/v1/moon/events", want: 422},
		"an environment without a key":                    {path: "/v1/production/events", want: 404},

		// IDs in paths.
		"an unknown event":                           {path: "events/evt_no", want: 404},
		"an event id with a NUL byte":                {path: "events/evt_%00", want: 422},
		"an event id that is not UTF-8":              {path: "events/evt_%ff%fe", want: 422},
		"an event id that is ..":                     {path: "events/%2e%2e", want: 422},
		"an event id that is an unescaped ..":        {path: "events/..", want: 404},
		"an event id with escaped slashes":           {path: "events/..%2f..%2fetc", want: 404},
		"an event id that is too long":               {path: "events/" + long, want: 422},
		"an event id outside of ASCII":               {path: "events/%E5%90%8D", want: 422},
		"an event id with a line break":              {path: "events/evt_1%0a", want: 422},
		"an event id that is escaped twice":          {path: "events/evt_%2500", want: 404},
		"an event id with a quote":                   {path: "events/'%20OR%201=1", want: 422},
		"an unknown decision":                        {path: "decisions/dec_no", want: 404},
		"a decision id with a NUL byte":              {path: "decisions/%00", want: 422},
		"an unknown parameter of a decision":         {path: "decisions/dec_no?facts=1", want: 422},
		"no event id":                                {path: "events/", want: 404},
		"a reference id with a NUL byte":             {path: "subjects/user%00", want: 422},
		"a reference id that is not UTF-8":           {path: "subjects/%ff", want: 422},
		"a reference id that is too long":            {path: "subjects/" + long, want: 422},
		"a reference id of nine kilobytes":           {path: "subjects/" + strings.Repeat("x", 9000), want: 422},
		"no reference id":                            {path: "subjects/", want: 404},
		"a path with two slashes":                    {path: "events//evt_1", want: 404},
		"a replay of an unknown event":               {path: "events/evt_no/replay", body: "{}", want: 404},
		"a replay of an event id with a NUL byte":    {path: "events/%00/replay", body: "{}", want: 422},
		"a replay of .. does not replay everything":  {path: "events/../replay", body: `{"state":"applied"}`, want: 404},
		"a replay of an unknown action":              {path: "actions/axn_no/replay", body: "{}", want: 404},
		"a replay of an action id that is not UTF-8": {path: "actions/%ff/replay", body: "{}", want: 422},
		"a replay of an unknown object":              {path: "replay", body: `{"object":"inq_no"}`, want: 404},
		"a replay of an object id with a NUL byte":   {path: "replay", body: `{"object":"inq_\u0000"}`, want: 422},
		"a replay of an object id that is ..":        {path: "replay", body: `{"object":".."}`, want: 422},
		"a replay of an unknown state":               {path: "replay", body: `{"state":"broken"}`, want: 422},
		"a replay without a selection":               {path: "replay", body: `{}`, want: 422},
		"a replay with an unknown field":             {path: "replay", body: `{"event":"evt_1"}`, want: 422},
		"a replay from an invalid time":              {path: "replay", body: `{"from":"yesterday"}`, want: 422},
		"a replay whose end is before its start":     {path: "replay", body: `{"from":"2026-03-02T00:00:00Z","to":"2026-03-01T00:00:00Z"}`, want: 422},
		"a replay that is not JSON":                  {path: "replay", body: `{`, want: 400},
	} {
		t.Run(name, func(t *testing.T) {
			path := test.path
			if !strings.HasPrefix(path, "/") {
				path = "/v1/sandbox/" + path
			}
			if status, answer := w.request(path, test.body); status != test.want {
				t.Errorf("answered %d, want %d: %s", status, test.want, answer)
			}
		})
	}
	if log := w.log.String(); strings.Contains(log, "API request failed") {
		t.Errorf("a request reached the database and failed there:\n%s", log)
	}
}

// event sends a webhook about an inquiry and returns the status of the answer.
func (w *world) event(id, inquiry string) int {
	w.t.Helper()
	body := fmt.Appendf(nil, `{"data":{"type":"event","id":%q,"attributes":{"name":"inquiry.teleported","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":%q,"attributes":{"status":"created"}}}}}}`, id, inquiry)
	return w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, time.Now(), w.secret), body)
}

// request sends a request to the API without normalizing the path, and does not follow
// redirects.
func (w *world) request(path, body string) (status int, answer string) {
	w.t.Helper()
	method := "GET"
	if body != "" {
		method = "POST"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// testAPollerSeesEveryNotificationOnce polls forward while notifications are written.
func testAPollerSeesEveryNotificationOnce(t *testing.T, database Secret) {
	w := newWorld(t, database)
	type page struct {
		Data []api.Notification
		Next string
	}
	after, seen := "0", []string(nil)
	poll := func() {
		p := get[page](w, "/v1/sandbox/notifications?limit=2&after="+after)
		for i, n := range p.Data {
			if n.Sequence == 0 || i > 0 && n.Sequence <= p.Data[i-1].Sequence {
				t.Fatalf("the sequence %d of %s is not greater than the one before", n.Sequence, n.ID)
			}
			seen = append(seen, n.ID)
		}
		after = p.Next
	}
	var made []string
	for i := range 7 {
		a := domain.Action{ID: fmt.Sprintf("axn_%d", i), Environment: domain.Sandbox, DecisionID: "dec_1", DerivedKey: fmt.Sprint(i), State: domain.ActionWaiting, NextAttemptAt: time.Now().Add(5 * time.Minute)}
		n := domain.Notification{ID: fmt.Sprintf("ntf_%d", i), Environment: domain.Sandbox, Type: domain.NotifyActionDone, CreatedAt: time.Unix(1, 0)}
		_, err := w.service.db.Save(t.Context(), domain.Sandbox, []store.Advance{{Actions: []domain.Action{a}}}, store.Verdicts{})
		if err != nil {
			t.Fatal(err)
		}
		a.Version = 1
		if _, err := w.service.db.SaveAction(t.Context(), a, []domain.Notification{n}, nil); err != nil {
			t.Fatal(err)
		}
		made = append(made, n.ID)
		if i%3 == 0 {
			poll()
		}
	}
	for range 4 {
		poll()
	}
	if fmt.Sprint(seen) != fmt.Sprint(made) {
		t.Errorf("the poller saw %v, want %v", seen, made)
	}
}

// testADecisionShowsItsFacts reads a decision and checks that it has facts.
func testADecisionShowsItsFacts(t *testing.T, database Secret) {
	w := newWorld(t, database)
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	for _, d := range get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+inquiry).Data {
		if d.Result != domain.Decided {
			continue
		}
		detail := get[api.DecisionDetail](w, "/v1/sandbox/decisions/"+d.ID)
		if detail.Rule != d.Rule || !strings.Contains(string(detail.Facts), inquiry) {
			t.Errorf("the decision shows the rule %q and %d bytes of facts", detail.Rule, len(detail.Facts))
		}
		e := get[api.Explanation](w, "/v1/sandbox/decisions/"+d.ID+"/explanation")
		if e.Decision.ID != d.ID || e.PolicyVersion != d.PolicyVersion || len(e.Rules) < 3 ||
			e.Rules[0].Rule != d.Rule || e.Rules[0].Result != policy.Matched || len(e.Rules[0].Conditions) < 2 || e.Rules[1].Result != policy.NotTried {
			t.Errorf("it is explained by %+v", e)
		}
		return
	}
	t.Error("no rule decided on the inquiry")
}
