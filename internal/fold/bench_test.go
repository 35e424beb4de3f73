package fold

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRead reads an event of six kilobytes.
func BenchmarkRead(b *testing.B) {
	var attributes strings.Builder
	attributes.WriteString(`"status":"created","reference-id":"user-7","created-at":"2026-03-01T11:00:00.000Z","fields":{`)
	for i := 0; attributes.Len() < 4000; i++ {
		fmt.Fprintf(&attributes, `"field-%d":{"type":"string","value":"value %d"},`, i, i)
	}
	attributes.WriteString(`"last":{"type":"string","value":null}}`)
	for i := range 40 {
		fmt.Fprintf(&attributes, `,"attribute-%d":"value %d"`, i, i)
	}
	e := received(about(inquiry(attributes.String(), `"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]}`)))
	b.SetBytes(int64(len(e.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(e); err != nil {
			b.Fatal(err)
		}
	}
}
