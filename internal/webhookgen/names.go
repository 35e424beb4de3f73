package main

import (
	"strings"
	"unicode"
)

// identifier returns the Go name of an event: ReportAddressLookupReady for
// report/address-lookup.ready.
func identifier(event string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(event, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if initialisms()[word] {
			b.WriteString(strings.ToUpper(word))
		} else {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// initialisms are the words of event names that Go writes in capitals.
func initialisms() map[string]bool {
	return map[string]bool{"eu": true, "finra": true, "nces": true, "sar": true, "sec": true, "sla": true, "trm": true}
}
