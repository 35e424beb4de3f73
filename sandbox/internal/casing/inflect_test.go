package casing

import (
	"testing"
)

func FuzzKebab(f *testing.F) {
	for _, key := range []string{"inquiry-template-id", "inquiryTemplateId", "inquiry_template_id", "addressStreet1", "ABC", "é", ""} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		once := Kebab(key)
		if again := Kebab(once); again != once {
			t.Errorf("%q becomes %q, and then %q", key, once, again)
		}
	})
}
