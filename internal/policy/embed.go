package policy

import _ "embed"

//go:embed default.yaml
var defaultSource []byte

// Default returns the built-in rules as a file.
func Default() (name string, source []byte) { return "default.yaml", defaultSource }
