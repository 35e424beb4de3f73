package catalog

const (
	DefaultVersion = "2025-12-08"
	FileTokenLife  = 21600 // seconds (Persona docs: Downloading files)
	MaxBody        = 32 << 20
	JSONContent    = "application/json; charset=utf-8"
)
