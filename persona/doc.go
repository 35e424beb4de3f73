// Package persona is a client for Persona's REST API. It covers all operations with types,
// and uses only the standard library.
//
//	client, err := persona.NewClient() // reads the key from PERSONA_API_KEY
//	inquiry, err := client.Inquiries.Get(ctx, "inq_…", persona.WithInclude("account"))
//	fmt.Println(inquiry.Attributes.Status)
//
// There is a service for each kind of resource (client.Inquiries, client.Cases, …) with a
// method for each operation; [Operations] lists them. An [Option] applies to all calls if
// given to [NewClient], and to one call if given to a method.
//
// # Reading
//
// A [Resource] keeps the JSON it was decoded from, so nothing that Persona adds is lost. A
// null attribute is zero in Go; numbers and booleans that may be null are pointers. Persona
// may add statuses, so expect values without a constant.
//
// Lists and searches are iterators that fetch one page after another:
//
//	for inquiry, err := range client.Inquiries.List(ctx, persona.InquiryListParams{Status: persona.InquiryStatusCompleted}) {
//		if err != nil { … }
//	}
//
// A cursor is the id of the last element seen. To resume, set After to it. The …Page
// methods fetch a single page.
//
// # Writing
//
// Optional attributes are of type [Optional]: leave them zero, or use [Set] or [Null].
//
// # Errors and retries
//
// An error of Persona is an [*Error]. Use errors.Is to compare it with [ErrNotFound],
// [ErrConflict], [ErrRateLimited] and so on. Errors and log lines of this package contain
// no keys, bodies or query values.
//
// A call that exceeds the rate limit is retried when the limit resets. A GET or a search is
// retried after a network error or a 5xx. A POST has an idempotency key. It is retried with
// the same key after a network error and after 502, 503 and 504, which a gateway sends.
// After any other 5xx the same key would only return the stored answer (Persona docs:
// Idempotence). The call then fails with [ErrOutcomeUnknown], unless [WithReread] says how
// to find out whether it took effect. PATCH and DELETE have no idempotency key at Persona
// and fail in the same way. [RetryOf] tells whether and how a failed call may be retried.
//
// # Logging
//
// A resource, an answer or an error that is printed or logged shows its type and id and no
// personal data. Its fields are not protected.
//
// # Operations without a method
//
// [Client.Do] calls any path of the API, with the same retries, keys and errors.
package persona
