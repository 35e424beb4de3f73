package persona_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/persona"
)

// TestEveryOperation calls each operation of the registry through its generated
// method, against a server that checks the request and answers with a sample, both by
// Persona's document. What the method sends must be what the sample of a request
// says, and what it returns must be what the answer said.
func TestEveryOperation(t *testing.T) {
	doc := conformance.LoadOrSkip(t, persona.DefaultVersion)
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for _, mode := range []struct {
		name         string
		onlyRequired bool
		seeds        uint64
	}{
		{"with required parameters only", true, 1},
		{"with every parameter", false, seeds},
	} {
		t.Run(mode.name, func(t *testing.T) {
			for _, op := range persona.Operations() {
				t.Run(op.Name(), func(t *testing.T) {
					t.Parallel()
					for seed := range mode.seeds {
						exercise(t, doc, op, seed, mode.onlyRequired)
					}
				})
			}
		})
	}
}

// TestTheRegistryAndTheMethodsAreComplete compares the registry with the document, and
// the methods of the client's services with the registry.
func TestTheRegistryAndTheMethodsAreComplete(t *testing.T) {
	doc := conformance.LoadOrSkip(t, persona.DefaultVersion)
	registered := make(map[string]bool)
	methods := make(map[string]bool)
	for _, op := range persona.Operations() {
		registered[op.HTTPMethod+" "+op.Path+" "+op.ID] = true
		methods[op.Name()] = true
	}
	documented := 0
	for op := range doc.Operations() {
		documented++
		if !registered[op.String()+" "+op.ID] {
			t.Errorf("%s (%s) is not registered", op, op.ID)
		}
	}
	if len(registered) != documented || documented != 209 {
		t.Errorf("%d operations registered, %d documented, want 209", len(registered), documented)
	}
	if len(methods) != len(registered) {
		t.Errorf("%d names for %d operations", len(methods), len(registered))
	}
	clientType := reflect.TypeFor[persona.Client]()
	for i := range clientType.NumField() {
		service := clientType.Field(i)
		if !service.IsExported() {
			continue
		}
		for j := range service.Type.NumMethod() {
			name := service.Name + "." + service.Type.Method(j).Name
			if !methods[name] && !methods[strings.TrimSuffix(name, "Page")] {
				t.Errorf("%s is not an operation of the registry", name)
			}
		}
	}
}

// exercise calls an operation, and its Page method where it has one.
func exercise(t *testing.T, doc *conformance.Document, op persona.Operation, seed uint64, onlyRequired bool) {
	t.Helper()
	sampler := doc.Sampler(seed)
	request, err := sampler.Request(op.HTTPMethod, op.Path, onlyRequired)
	if err != nil {
		t.Fatal(err)
	}
	if body, ok := request.Body.(map[string]any); ok && op.Method == "Search" && !onlyRequired {
		body["query"] = conditions()[seed%uint64(len(conditions()))]
		delete(body, "page") // it may stand in the query or in the body, and the SDK puts it in the query
	}
	for name := range request.Query {
		if strings.Contains(name, "-at-") { // the document leaves the format of some out
			request.Query[name] = "2026-03-01T12:00:00.000Z"
		}
	}
	var ids []string
	for _, parameter := range regexp.MustCompile(`{([^}]+)}`).FindAllStringSubmatch(op.Path, -1) {
		ids = append(ids, sampler.Parameter(op.HTTPMethod, op.Path, parameter[1]))
	}
	statuses := doc.Statuses(op.HTTPMethod, op.Path)
	status := statuses[seed%uint64(len(statuses))]
	header, answer, err := sampler.Response(op.HTTPMethod, op.Path, status)
	if err != nil {
		t.Fatal(err)
	}
	var got received
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = receive(doc, r)
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	client, err := persona.NewClient(
		persona.WithAPIKey("persona_sandbox_00000000-0000-0000-0000-000000000000"),
		persona.WithBaseURL(server.URL+"/api/v1"),
		persona.WithMaxRetries(0),
	)
	if err != nil {
		t.Fatal(err)
	}
	service := reflect.ValueOf(client).Elem().FieldByName(op.Service)
	if !service.IsValid() {
		t.Fatalf("the client has no service %s", op.Service)
	}
	method := service.MethodByName(op.Method)
	if !method.IsValid() {
		t.Fatalf("%s has no method %s", op.Service, op.Method)
	}
	variants := map[string]reflect.Value{op.Method: method}
	if page := service.MethodByName(op.Method + "Page"); page.IsValid() {
		variants[op.Method+"Page"] = page
	}
	for name, method := range variants {
		got = received{}
		result, err := call(method, append(arguments(t, method.Type(), ids, request), options(op)...))
		if err != nil {
			t.Errorf("seed %d: %s: %v", seed, name, err)
			continue
		}
		if problem := got.differs(op, ids, request, onlyRequired); problem != nil {
			t.Errorf("seed %d: %s sent %v", seed, name, problem)
		}
		if problem := lost(result, answer); problem != nil {
			t.Errorf("seed %d: %s returned %v", seed, name, problem)
		}
	}
}

// conditions are the forms a search takes. The document says of those inside others
// only that they are objects.
func conditions() []any {
	one := map[string]any{"attribute": "status", "operator": "eq", "value": "approved"}
	other := map[string]any{"attribute": "fields.age", "operator": "gte", "value": json.Number("21")}
	return []any{
		one,
		map[string]any{"and": []any{one, other}},
		map[string]any{"or": []any{other, map[string]any{"not": one}}},
		map[string]any{"not": other},
	}
}

// received is one request as the server saw it.
type received struct {
	path    string
	query   url.Values
	header  http.Header
	body    any // JSON, or the equal of it for a form
	invalid error
}

func receive(doc *conformance.Document, r *http.Request) received {
	body, err := io.ReadAll(r.Body)
	got := received{path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header, invalid: err}
	if err != nil {
		return got
	}
	if got.invalid = doc.ValidateRequest(r, body); got.invalid == nil && len(body) > 0 {
		got.body, got.invalid = conformance.Decode(r.Header.Get("Content-Type"), body)
	}
	return got
}

// differs says how a request differs from what it should be.
func (got received) differs(op persona.Operation, ids []string, want conformance.Request, onlyRequired bool) error {
	if got.path == "" {
		return errors.New("nothing")
	}
	if got.invalid != nil {
		return got.invalid
	}
	path := op.Path
	for _, id := range ids {
		path = path[:strings.IndexByte(path, '{')] + id + path[strings.IndexByte(path, '}')+1:]
	}
	if !strings.HasSuffix(got.path, "/v1"+path) {
		return fmt.Errorf("path %s, want %s", got.path, path)
	}
	query := make(map[string]string)
	for name := range got.query {
		query[name] = got.query.Get(name)
	}
	if wanted := texts(want.Query); !maps.Equal(query, wanted) {
		return fmt.Errorf("query %v, want %v", query, wanted)
	}
	for name, value := range texts(want.Header) {
		if got.header.Get(name) != value {
			return fmt.Errorf("header %s %q, want %q", name, got.header.Get(name), value)
		}
	}
	if onlyRequired {
		return nil // empty objects around nothing are allowed; the document has been asked
	}
	return difference("body", got.body, want.Body)
}

func texts(values map[string]any) map[string]string {
	all := make(map[string]string)
	for name, value := range values {
		all[name] = fmt.Sprint(value)
	}
	return all
}

// arguments makes the arguments of a method: a context, the ids of the path, and the
// parameters' struct, filled from the sample.
func arguments(t *testing.T, method reflect.Type, ids []string, request conformance.Request) []reflect.Value {
	t.Helper()
	args := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.NumIn()-1; i++ {
		in := method.In(i)
		if in.Kind() == reflect.String {
			args = append(args, reflect.ValueOf(ids[0]))
			ids = ids[1:]
			continue
		}
		params := reflect.New(in).Elem()
		for j := range in.NumField() {
			fill(t, in.Field(j), params.Field(j), request)
		}
		args = append(args, params)
	}
	if len(ids) > 0 {
		t.Fatalf("the method does not take %d ids of its path", len(ids))
	}
	return args
}

// options are what an operation needs that its parameters do not hold.
func options(op persona.Operation) []reflect.Value {
	var opts []reflect.Value
	if op.Name() == "Relays.GenerateClaim" {
		opts = append(opts, reflect.ValueOf(persona.WithHeader("Authorization", "PrivateToken token=acme")))
	}
	return opts
}

// fill sets one field of a parameters' struct to the sample's value for it, where the
// sample has one.
func fill(t *testing.T, field reflect.StructField, v reflect.Value, request conformance.Request) {
	t.Helper()
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	var values map[string]any
	switch in := field.Tag.Get("in"); in {
	case "query":
		values = request.Query
	case "header":
		values = request.Header
	case "body":
		values, _ = request.Body.(map[string]any)
	default:
		values, _ = request.Body.(map[string]any)
		for key := range strings.SplitSeq(in, ".") {
			values, _ = values[key].(map[string]any)
		}
	}
	value, ok := values[name]
	if !ok {
		return
	}
	if file, ok := v.Addr().Interface().(*persona.File); ok {
		*file = persona.File{Name: "acme.csv", Content: strings.NewReader(fmt.Sprint(value))}
		return
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v.Addr().Interface()); err != nil {
		t.Errorf("%s cannot hold %s: %v", field.Name, b, err)
	}
}

// call calls a method and walks over what it returns.
func call(method reflect.Value, args []reflect.Value) (result any, err error) {
	out := method.Call(args)
	if len(out) == 2 {
		err, _ = out[1].Interface().(error)
		return out[0].Interface(), err
	}
	items := []any{} // the method returns an iterator over values and errors
	for item, itemErr := range out[0].Seq2() {
		if failed, ok := itemErr.Interface().(error); ok {
			return nil, failed
		}
		items = append(items, item.Interface())
	}
	return items, nil
}

// lost says what of an answer cannot be found in a method's result.
func lost(result any, answer []byte) error {
	if stream, ok := result.(*persona.Stream); ok {
		defer stream.Close()
		b, err := io.ReadAll(stream)
		if err == nil && !bytes.Equal(b, answer) {
			err = errors.New("another file")
		}
		return err
	}
	var document map[string]any
	if err := unmarshal(answer, &document); err != nil {
		return err
	}
	v := reflect.ValueOf(result)
	parts := make(map[string]any)
	if v.Kind() == reflect.Slice {
		parts["data"] = result
		delete(document, "included") // an iterator has no place for it; pages do
	} else if data := v.Elem().FieldByName("Data"); data.IsValid() {
		parts["data"], parts["included"] = data.Interface(), v.Elem().FieldByName("Included").Interface()
	} else if object, ok := result.(persona.Object); ok {
		parts["data"], parts["included"] = object, v.Elem().FieldByName("Included").Interface()
		if meta := v.Elem().FieldByName("Meta"); meta.IsValid() {
			parts["meta"] = meta.Interface()
		}
	} else {
		return compare("answer", result, document)
	}
	for _, part := range []string{"data", "included", "meta"} {
		given, ok := document[part]
		if list, isList := given.([]any); !ok || isList && part == "included" && len(list) == 0 {
			continue
		}
		if err := compare(part, parts[part], given); err != nil {
			return err
		}
	}
	return nil
}

// compare encodes a value and says how it differs from the JSON it came from.
func compare(where string, value, want any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var got any
	if err := unmarshal(b, &got); err != nil {
		return err
	}
	return difference(where, got, want)
}

// difference says where a JSON value differs from what it should be. A null that was
// read into a plain Go field is its zero value; so is what was not there at all.
func difference(where string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok && len(want) > 0 {
			return fmt.Errorf("%s: %v, want an object", where, got)
		}
		keys := maps.Clone(want)
		maps.Copy(keys, object)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if err := difference(where+"/"+key, object[key], want[key]); err != nil {
				return err
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s: %v, want %d elements", where, got, len(want))
		}
		for i := range want {
			if err := difference(fmt.Sprintf("%s/%d", where, i), list[i], want[i]); err != nil {
				return err
			}
		}
	case nil:
		if !isZero(got) {
			return fmt.Errorf("%s: %v, want nothing", where, got)
		}
	default:
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s: %v, want %v", where, got, want)
		}
	}
	return nil
}

// isZero reports whether a JSON value is what a zero Go value encodes as.
func isZero(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range value {
			if !isZero(inner) {
				return false
			}
		}
		return true
	case []any:
		return len(value) == 0
	default:
		return value == nil || value == "" || value == false || value == json.Number("0")
	}
}

// unmarshal keeps numbers as they are written.
func unmarshal(b []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	return decoder.Decode(into)
}
