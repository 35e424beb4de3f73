package policy

import _ "embed"

//go:embed default.yaml
var defaultSource []byte

// Default returns the rules of a new service, as a file to read and to copy.
func Default() (name string, source []byte) { return "default.yaml", defaultSource }
