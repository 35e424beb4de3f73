package policy

import "testing"

func BenchmarkDecide(b *testing.B) {
	_, source := Default()
	p := load(b, string(source))
	f := facts("completed", selfie(1, "failed"), selfie(2, "passed"), attempt("document", "vtmpl_A", 1, "passed"))
	for b.Loop() {
		p.Decide(f)
	}
}

func BenchmarkLoad(b *testing.B) {
	_, source := Default()
	for b.Loop() {
		load(b, string(source))
	}
}
