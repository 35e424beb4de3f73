package persona_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/idemhq/idem/persona"
)

// A list is an iterator that fetches one page after another. Breaking out of the loop ends
// it. Set After to the last id to resume it.
func ExampleInquiriesService_List() {
	client, stop := sandboxClient()
	defer stop()
	for _, user := range []string{"user-1", "user-2", "user-3"} {
		completed(client, user)
	}

	params := persona.InquiryListParams{Status: persona.InquiryStatusCompleted, Size: 2}
	for inquiry, err := range client.Inquiries.List(context.Background(), params) {
		check(err)
		fmt.Println(inquiry.Attributes.ReferenceID)
	}
	// Output:
	// user-3
	// user-2
	// user-1
}

// ListPage fetches one page. Next is the cursor of the next page.
func ExampleInquiriesService_ListPage() {
	client, stop := sandboxClient()
	defer stop()
	for _, user := range []string{"user-1", "user-2", "user-3"} {
		completed(client, user)
	}

	params := persona.InquiryListParams{Status: persona.InquiryStatusCompleted, Size: 2}
	for {
		page, err := client.Inquiries.ListPage(context.Background(), params)
		check(err)
		fmt.Println(len(page.Data), "inquiries")
		if page.Next == "" {
			break
		}
		params.After = page.Next
	}
	// Output:
	// 2 inquiries
	// 1 inquiries
}

// A search has conditions on attributes, which are named in snake_case.
func ExampleInquiriesService_Search() {
	client, stop := sandboxClient()
	defer stop()
	completed(client, "user-1")
	completed(client, "user-2")

	params := persona.InquirySearchParams{
		Query: persona.Set(persona.And(
			persona.Where("status", "eq", persona.InquiryStatusCompleted),
			persona.Not(persona.Where("reference_id", "eq", "user-1")),
		)),
		Sort: persona.Set(persona.Sort{Attribute: "created_at", Direction: "desc"}),
	}
	for inquiry, err := range client.Inquiries.Search(context.Background(), params) {
		check(err)
		fmt.Println(inquiry.Attributes.ReferenceID)
	}
	// Output: user-2
}

// AnyOf passes several values to a filter.
func ExampleAnyOf() {
	client, stop := sandboxClient()
	defer stop()
	first, second := completed(client, "user-1"), completed(client, "user-2")
	_, err := client.Inquiries.Approve(context.Background(), second, persona.InquiryApproveParams{})
	check(err)

	params := persona.InquiryListParams{
		InquiryID: persona.AnyOf(first, second),
		Status:    persona.AnyOf(persona.InquiryStatusApproved, persona.InquiryStatusDeclined),
	}
	for inquiry, err := range client.Inquiries.List(context.Background(), params) {
		check(err)
		fmt.Println(inquiry.Attributes.ReferenceID, inquiry.Attributes.Status)
	}
	// Output: user-2 approved
}

// WithInclude requests related resources.
func ExampleWithInclude() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	inquiry, err := client.Inquiries.Get(context.Background(), id, persona.WithInclude("account", "verifications"))
	check(err)
	for _, object := range inquiry.Included {
		switch o := object.(type) {
		case *persona.Account:
			fmt.Println("the account of", o.Attributes.ReferenceID)
		case *persona.VerificationGovernmentID:
			fmt.Println("a government ID that", o.Attributes.Status)
		}
	}
	// Output:
	// the account of user-1
	// a government ID that passed
}

// WithFields limits an answer to some attributes.
func ExampleWithFields() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	inquiry, err := client.Inquiries.Get(context.Background(), id, persona.WithFields("inquiry", "status"))
	check(err)
	fmt.Printf("%q %q\n", inquiry.Attributes.Status, inquiry.Attributes.ReferenceID)
	// Output: "completed" ""
}

// A verification has one of several types.
func ExampleVerificationsService_Get() {
	client, stop := sandboxClient()
	defer stop()
	inquiry, err := client.Inquiries.Get(context.Background(), completed(client, "user-1"))
	check(err)

	verification, err := client.Verifications.Get(context.Background(), inquiry.Relationships.Verifications.Data[0].ID)
	check(err)
	switch v := verification.Value.(type) {
	case *persona.VerificationGovernmentID:
		fmt.Println("government ID:", v.Attributes.Status)
	case *persona.VerificationSelfie:
		fmt.Println("selfie:", v.Attributes.Status)
	}
	// Output: government ID: passed
}

// URLs of photos and documents expire after hours, so download them immediately.
func ExampleClient_Download() {
	client, stop := sandboxClient()
	defer stop()
	ctx := context.Background()
	inquiry, err := client.Inquiries.Get(ctx, completed(client, "user-1"))
	check(err)
	verification, err := client.Verifications.Get(ctx, inquiry.Relationships.Verifications.Data[0].ID)
	check(err)
	governmentID := verification.Value.(*persona.VerificationGovernmentID)

	photo, err := client.Download(ctx, governmentID.Attributes.FrontPhotoURL)
	check(err)
	defer photo.Close()
	n, err := io.Copy(io.Discard, photo)
	check(err)
	fmt.Println(photo.ContentType, n > 0)
	// Output: image/jpeg true
}

// A PDF is a stream. Close it.
func ExampleInquiriesService_Print() {
	client, stop := sandboxClient()
	defer stop()
	id := completed(client, "user-1")

	pdf, err := client.Inquiries.Print(context.Background(), id)
	check(err)
	defer pdf.Close()
	head := make([]byte, 4)
	_, err = io.ReadFull(pdf, head)
	check(err)
	fmt.Println(pdf.ContentType, string(head))
	// Output: application/pdf %PDF
}

// Attribute returns attributes that this package does not know.
func ExampleResource_Attribute() {
	var inquiry persona.Inquiry
	check(json.Unmarshal([]byte(`{"type":"inquiry","id":"inq_1","attributes":{"status":"created","brand_new":{"level":3}}}`), &inquiry))

	fmt.Println(inquiry.Attributes.Status, string(inquiry.Attribute("brand-new")))
	// Output: created {"level":3}
}

// The fields of a template are values with a type.
func ExampleFields() {
	var inquiry persona.Inquiry
	check(json.Unmarshal([]byte(`{"type":"inquiry","id":"inq_1","attributes":{"fields":{
		"favorite-color": {"type": "choices", "value": "green"},
		"years": {"type": "number", "value": 7},
		"newsletter": {"type": "boolean", "value": null}
	}}}`), &inquiry))

	fields := inquiry.Attributes.Fields
	_, answered := fields["newsletter"].Bool()
	fmt.Println(fields["favorite-color"].Text(), fields["years"].Number(), answered)
	// Output: green 7 false
}

// The payload of an event is decoded on demand.
func ExampleEventPayload_Object() {
	client, stop := sandboxClient()
	defer stop()
	completed(client, "user-1")

	for event, err := range client.Events.List(context.Background(), persona.EventListParams{Name: "inquiry.completed"}) {
		check(err)
		if inquiry, ok := event.Attributes.Payload.Object().(*persona.Inquiry); ok {
			fmt.Println(event.Attributes.Name, inquiry.Attributes.ReferenceID)
		}
	}
	// Output: inquiry.completed user-1
}

// DecodeObject decodes a resource of any type, for example one that was stored.
func ExampleDecodeObject() {
	stored := []byte(`{"type":"case","id":"case_1","attributes":{"status":"Open"}}`)
	object, err := persona.DecodeObject(stored)
	check(err)
	if c, ok := object.(*persona.Case); ok {
		fmt.Println(c.ID, c.Attributes.Status)
	}
	// Output: case_1 Open
}
