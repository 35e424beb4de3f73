// Package persona is a client for Persona's REST API: all of its operations, typed,
// on the standard library alone.
//
//	client, err := persona.NewClient() // the key comes from PERSONA_API_KEY
//	inquiry, err := client.Inquiries.Get(ctx, "inq_…", persona.WithInclude("account"))
//	fmt.Println(inquiry.Attributes.Status)
//
// There is a service for each kind of resource (client.Inquiries, client.Cases, …)
// and a method for each operation; [Operations] lists them. An [Option] may be given
// to [NewClient], for every call, or to one call.
//
// # Reading
//
// Resources keep what they were decoded from, so nothing Persona adds is lost: see
// [Resource]. Attributes that are null are zero in Go, numbers and booleans that may
// be null are pointers. Statuses are open sets: expect values that have no constant.
//
// Lists and searches are iterators that fetch page after page:
//
//	for inquiry, err := range client.Inquiries.List(ctx, persona.InquiryListParams{Status: persona.InquiryStatusCompleted}) {
//		if err != nil { … }
//	}
//
// A cursor is the id of the last element seen: to resume, set After to it. The
// …Page methods fetch a single page.
//
// # Writing
//
// Attributes that may be left out are [Optional]: leave them zero, or use [Set] or
// [Null].
//
// # Failing
//
// Persona's refusals are [*Error], and errors.Is tells them apart: [ErrNotFound],
// [ErrConflict], [ErrRateLimited] and so on. No error or log line of this package
// holds a key, a body or a query value.
//
// A call that was refused for its rate is sent again when the limit resets. A GET or
// a search is sent again after a network error or a 5xx. A POST carries an idempotency
// key. It is sent again with the same key after a network error and after 502, 503 and
// 504, which a gateway answers. After any other 5xx the same key would only bring the
// stored answer back (Persona docs: Idempotence), so the call ends with
// [ErrOutcomeUnknown], unless [WithReread] says how to find out whether it took effect.
// PATCH and DELETE have no idempotency key at Persona, and end likewise. [RetryOf] tells
// a program the same of an error.
//
// # Logging
//
// A resource, an answer or an error that is printed or logged shows its type and id and
// no personal data. Its fields are as open as those of any struct.
//
// # Calls without a method
//
// [Client.Do] makes any call of the API, with retries, keys and errors as above.
package persona
