package service

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/klauspost/compress/s2"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/sandbox"
)

const databaseFile = "idem.db" // begins the names of SQLite's files

func withSecretsKey(cfg *Config) {
	cfg.SecretsKey = []Secret{Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))}
}

// credentials match what opens something at Persona by itself, by kind.
func credentials() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"one-time link":   regexp.MustCompile(`code=([\w-]{8,})`),
		"session token":   regexp.MustCompile(`(eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)`),
		"token of a file": regexp.MustCompile(`access[_-]token=([^"&\\\s]{9,})`), // longer than what is written in its place
		"API key":         regexp.MustCompile(`(persona_(?:sandbox|production)_[\w-]+)`),
		"webhook secret":  regexp.MustCompile(`(wbhsec_[\w-]+)`),
	}
}

// handedOut records the credentials that Persona hands out.
type handedOut struct {
	mu   sync.Mutex
	kind map[string]string // by credential
}

// record remembers the credentials in a text.
func (h *handedOut) record(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for kind, pattern := range credentials() {
		for _, found := range pattern.FindAllStringSubmatch(text, -1) {
			h.kind[found[1]] = kind
		}
	}
}

// through records the answers of a handler.
func (h *handedOut) through(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		h.record(answer.Body.String())
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// in returns the places in a dump with a credential: one that was handed out, or anything
// that looks like one.
func (h *handedOut) in(dump map[string][]byte) (found []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for place, content := range dump {
		for credential, kind := range h.kind {
			if bytes.Contains(content, []byte(credential)) {
				found = append(found, place+" has a "+kind)
			}
		}
		for kind, pattern := range credentials() {
			if !strings.HasPrefix(place, databaseFile) && pattern.Match(content) { // compressed bytes look like anything
				found = append(found, place+" has what looks like a "+kind)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// testNoCredentialOfPersonasIsStored runs everything that Persona answers with a credential,
// and then looks for them in every column of every table, in the files and in the log.
func testNoCredentialOfPersonasIsStored(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: every table is searched")
	}
	given := &handedOut{kind: map[string]string{}}
	w := newWorldWith(t, database, given.through, func(cfg *Config) {
		cfg.Environments[Sandbox].Flows["kyc"] = FlowConfig{InquiryTemplate: sandbox.InquiryTemplateID, Mode: "embedded"}
	})
	useCredentials(t, w, given, "session token")
	if found := given.in(dumpOf(t, w)); len(found) > 0 {
		t.Errorf("credentials are stored:\n%s", strings.Join(found, "\n"))
	}
	for _, a := range get[listed[api.Action]](w, "/v1/sandbox/actions?details=true").Data {
		if a.Kind == domain.GenerateOneTimeLink && (a.Result != nil || !strings.Contains(a.Outcome, "secrets_key")) {
			t.Errorf("a link without a secrets_key: %d bytes, %s", len(a.Result), a.Outcome)
		}
	}
}

// testLinksAreEncrypted does the same with a secrets_key: the API shows the links.
func testLinksAreEncrypted(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: every table is searched")
	}
	given := &handedOut{kind: map[string]string{}}
	w := newWorldWith(t, database, given.through, withSecretsKey)
	useCredentials(t, w, given)
	if found := given.in(dumpOf(t, w)); len(found) > 0 {
		t.Errorf("credentials are stored:\n%s", strings.Join(found, "\n"))
	}
	links := 0
	for _, a := range get[listed[api.Action]](w, "/v1/sandbox/actions?details=true").Data {
		var result struct {
			Link string `json:"one_time_link"`
		}
		if a.Kind == domain.GenerateOneTimeLink && json.Unmarshal(a.Result, &result) == nil && strings.Contains(result.Link, "code=") {
			links++
		}
	}
	if links == 0 {
		t.Error("the API shows no link")
	}
}

// testOldLinksAreErased starts the service on a database with a link in the clear.
func testOldLinksAreErased(t *testing.T, database Secret) {
	const link = "https://withpersona.com/verify?code=us1-from-an-earlier-version"
	w := newWorld(t, database)
	inquiry, _ := w.applicant("user-1")
	w.eventually("the inquiry is known", func() bool { return len(get[listed[api.Object]](w, "/v1/sandbox/objects?object="+inquiry).Data) > 0 })
	w.simulate(inquiry, "start_inquiry", "create_failed_verification", "fail_inquiry")
	var made domain.Action
	w.eventually("there is a link", func() bool {
		page, err := w.service.db.Actions(t.Context(), Sandbox, store.Filter{Object: domain.Ref{Type: "inquiry", ID: inquiry}})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Rows {
			if a.Spec.Kind == domain.GenerateOneTimeLink && a.State == domain.ActionDone {
				made = a
			}
		}
		return made.ID != ""
	})
	change := map[bool]string{true: "UPDATE actions SET result = ? WHERE id = ?", false: "UPDATE actions SET result = $1 WHERE id = $2"}[database == ""]
	driver, address := "pgx", database.Reveal()
	if database == "" {
		driver, address = "sqlite", "file:"+filepath.Join(w.service.cfg.DataDir, databaseFile)+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), change, `{"one_time_link":"`+link+`"}`, made.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.service.db.SealResults(t.Context()); err != nil { // as Run does
		t.Fatal(err)
	}
	var stored string
	if err := db.QueryRowContext(t.Context(), "SELECT result FROM actions WHERE id = '"+made.ID+"'").Scan(&stored); err != nil || stored != "" {
		t.Errorf("the database has %d bytes, error %v", len(stored), err)
	}
}

// useCredentials makes the service receive links, photos and, in an embedded flow, session
// tokens. also names kinds of credential that Persona must have handed out.
func useCredentials(t *testing.T, w *world, given *handedOut, also ...string) {
	t.Helper()
	// Links and photos: an action of a rule makes a link after a failed verification.
	failed, kase := w.applicant("user-1")
	w.simulate(failed, "start_inquiry", "create_failed_verification", "fail_inquiry")
	w.eventually("the case is Pending", func() bool { return w.caseStatus(kase) == "Pending" })
	passed, other := w.applicant("user-2")
	w.simulate(passed, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(other) == "Approved" })

	// Links and session tokens by the API, also repeated with an idempotency key: each answer
	// has one.
	for range 2 {
		answer := w.requestWithKey("/v1/sandbox/verifications", `{"reference":"user-3","flow":"kyc"}`, "key-1")
		if !strings.Contains(answer, `"link":"`) && !strings.Contains(answer, `"session_token":"`) {
			t.Fatalf("neither a link nor a session token: %s", answer)
		}
		given.record(answer)
	}
	id := get[listed[api.Verification]](w, "/v1/sandbox/verifications?reference=user-3").Data[0].ID
	for range 2 {
		answer := w.requestWithKey("/v1/sandbox/verifications/"+id+"/links", `{}`, "key-2")
		if !strings.Contains(answer, `"link":"`) {
			t.Fatalf("no link: %s", answer)
		}
		given.record(answer)
	}

	// A link by hand, with a key.
	waiting, _ := w.applicant("user-5")
	w.eventually("the inquiry is known", func() bool { return len(get[listed[api.Object]](w, "/v1/sandbox/objects?object="+waiting).Data) > 0 })
	byHand := fmt.Sprintf(`{"kind":"generate_one_time_link","target":%q,"reason":"asked for"}`, waiting)
	for range 2 {
		w.requestWithKey("/v1/sandbox/actions", byHand, "key-4")
	}
	w.eventually("every action is finished", func() bool {
		n := 0
		for _, a := range get[listed[api.Action]](w, "/v1/sandbox/actions?details=true").Data {
			if a.State == domain.ActionWaiting {
				return false
			}
			if a.Kind == domain.GenerateOneTimeLink {
				n++
			}
		}
		return n == 2
	})
	// Persona's list of events, as for a webhook that never arrived.
	if _, err := w.service.Reconcile(t.Context(), Sandbox, ReconcileOptions{Since: w.service.db.Now().AddDate(0, 0, -1)}); err != nil {
		t.Fatal(err)
	}
	given.record(sandbox.SandboxKey + " " + w.secret)
	kinds := slices.Sorted(maps.Values(given.kind))
	for _, kind := range append(also, "one-time link", "token of a file") {
		if !slices.Contains(kinds, kind) {
			t.Errorf("Persona handed out no %s", kind)
		}
	}
}

// dumpOf returns the content of every column of every row by its place, of the database's
// files and of the log. Compressed values are decompressed.
func dumpOf(t *testing.T, w *world) map[string][]byte {
	t.Helper()
	dump := map[string][]byte{"the log": []byte(w.log.String())}
	driver, address := "pgx", w.database.Reveal()
	tables := "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
	if w.database == "" {
		driver, address = "sqlite", "file:"+filepath.Join(w.service.cfg.DataDir, databaseFile)+"?mode=ro"
		tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
		files, err := filepath.Glob(filepath.Join(w.service.cfg.DataDir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if dump[filepath.Base(file)], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names := column(t, db, tables)
	if len(names) < 20 {
		t.Fatalf("there are only the tables %q", names)
	}
	rows := 0
	for _, table := range names {
		rows += dumpTable(t, db, table, dump)
	}
	if rows < 100 {
		t.Fatalf("there are only %d rows", rows)
	}
	return dump
}

// dumpTable adds the values of a table and returns its number of rows.
func dumpTable(t *testing.T, db *sql.DB, table string, dump map[string][]byte) (n int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(table, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for ; rows.Next(); n++ {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(table, err)
		}
		for i, value := range values {
			text := fmt.Append(nil, value)
			if b, ok := value.([]byte); ok {
				text = b
				if plain, err := s2.Decode(nil, b); err == nil {
					text = plain
				}
			}
			place := table + "." + columns[i]
			dump[place] = append(append(dump[place], text...), '\n')
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(table, err)
	}
	return n
}

// column returns the texts of the only column of a query.
func column(t *testing.T, db *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// requestWithKey sends a POST with an idempotency key, which must succeed.
func (w *world) requestWithKey(path, body, key string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + apiToken}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		w.t.Fatalf("POST %s: %d %s %v", path, res.StatusCode, b, err)
	}
	return string(b)
}
