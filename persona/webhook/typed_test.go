package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
)

func TestEveryDescribedEventReachesItsTypedFunction(t *testing.T) {
	doc := conformance.LoadOrSkip(t, "2025-12-08")
	h := &webhook.Handler{Secrets: []string{secret}}
	h.Otherwise(func(_ context.Context, e *webhook.Event) error {
		t.Errorf("%s has no typed method", e.Name)
		return nil
	})
	var called string
	var got reflect.Value
	registered := registerTyped(t, h, func(method string, e *webhook.Event, resource reflect.Value) {
		called, got = method, resource
	})
	if registered != 130 {
		t.Errorf("%d typed methods, want 130", registered)
	}

	documented := webhook.Documented()
	if !slices.EqualFunc(documented, doc.Events(), func(name webhook.Name, event string) bool { return string(name) == event }) {
		t.Errorf("Documented names %d events, the document %d, and not the same", len(documented), len(doc.Events()))
	}
	for i, name := range doc.Events() {
		body, err := doc.Sampler(uint64(i)).Event(name)
		if err != nil {
			t.Fatal(err)
		}
		called = ""
		if status := deliver(h, string(body)); status != 200 {
			t.Fatalf("%s: status %d", name, status)
		}
		if want := "on" + letters(name); strings.ToLower(called) != want {
			t.Errorf("%s called %s, want %s", name, called, want)
		}
		e, err := webhook.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		if raw := got.Elem().FieldByName("Raw").Bytes(); string(raw) != string(e.Payload.Data) {
			t.Errorf("%s: the resource is not what was received", name)
		}
		if id := got.Elem().FieldByName("ID").String(); id != e.ObjectID {
			t.Errorf("%s: resource %q, want %q", name, id, e.ObjectID)
		}
		objectsAreTyped(t, e)
	}
}

// registerTyped calls every typed method of the handler and returns how many there
// are. Each function it registers notes which it was and what it was given.
func registerTyped(t *testing.T, h *webhook.Handler, note func(method string, e *webhook.Event, resource reflect.Value)) (n int) {
	t.Helper()
	v := reflect.ValueOf(h)
	for i := range v.NumMethod() {
		method := v.Type().Method(i)
		if !strings.HasPrefix(method.Name, "On") || method.Name == "On" {
			continue
		}
		n++
		f := reflect.MakeFunc(v.Method(i).Type().In(0), func(args []reflect.Value) []reflect.Value {
			note(method.Name, args[1].Interface().(*webhook.Event), args[2])
			return []reflect.Value{reflect.Zero(reflect.TypeFor[error]())}
		})
		v.Method(i).Call([]reflect.Value{f})
	}
	return n
}

func letters(name string) string {
	return strings.NewReplacer("/", "", ".", "", "-", "", "_", "").Replace(name)
}

func objectsAreTyped(t *testing.T, e *webhook.Event) {
	t.Helper()
	included := e.Included()
	var raw []json.RawMessage
	if e.Payload.Included != nil {
		if err := json.Unmarshal(e.Payload.Included, &raw); err != nil {
			t.Fatal(err)
		}
	}
	if len(included) != len(raw) {
		t.Errorf("%s: %d included, want %d", e.Name, len(included), len(raw))
	}
	for _, o := range append(included, e.Object()) {
		// Where the document leaves the type open, the sampler invents one.
		invented := strings.HasPrefix(o.Identifier().Type, "acme")
		if _, unknown := o.(*persona.Unknown); unknown && !invented {
			t.Errorf("%s: %s has no Go type", e.Name, o.Identifier().Type)
		}
	}
}

func TestObjectsOfUnknownTypesAreKept(t *testing.T) {
	e, err := webhook.Parse([]byte(event(`"name":"sar.filed","payload":{"data":{"type":"sar","id":"sar_1","attributes":{"new":[1]}},"included":[{"type":"acme","id":"acme_1"},null,7,{}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	object := e.Object()
	if u, ok := object.(*persona.Unknown); !ok || string(u.Attributes["new"]) != "[1]" {
		t.Errorf("object = %#v, want an unknown resource with its attributes", object)
	}
	included := e.Included()
	if len(included) != 1 || included[0].Identifier().ID != "acme_1" {
		t.Errorf("included = %v, want acme_1", included)
	}
}

func TestEventWithoutAResource(t *testing.T) {
	e, err := webhook.Parse([]byte(event(`"name":"inquiry.approved","payload":{"data":[1],"included":{"no":"array"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	if object := e.Object(); object != nil {
		t.Errorf("Object = %v, want none", object)
	}
	if included := e.Included(); len(included) != 0 {
		t.Errorf("Included = %v, want none", included)
	}

	h := &webhook.Handler{Secrets: []string{secret}}
	h.OnInquiryApproved(func(context.Context, *webhook.Event, *persona.Inquiry) error {
		t.Error("called without an inquiry")
		return nil
	})
	if status := deliver(h, event(`"name":"inquiry.approved"`)); status != 500 {
		t.Errorf("status %d for an event without its resource, want 500", status)
	}
}

func TestTypedFunctionFailsTheDelivery(t *testing.T) {
	h := &webhook.Handler{Secrets: []string{secret}}
	h.OnInquiryApproved(func(_ context.Context, _ *webhook.Event, inquiry *persona.Inquiry) error {
		if inquiry.Attributes.Status != persona.InquiryStatusApproved {
			t.Errorf("status %q", inquiry.Attributes.Status)
		}
		return errors.New("not now")
	})
	if status := deliver(h, approved); status != 500 {
		t.Errorf("status %d, want 500", status)
	}
}
