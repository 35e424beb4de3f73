package catalog

const (
	DefaultVersion = "2025-12-08"
	FileTokenLife  = 21600    // how many seconds a link to a file is valid by default (Persona docs: Downloading files)
	MaxBody        = 32 << 20 // bytes of a request
	JSONContent    = "application/json; charset=utf-8"
)

// Versions returns the dated versions of the API: all that Persona's lists contain.
func Versions() []string {
	return []string{"2020-05-18", "2021-02-21", "2021-05-14", "2021-07-05", "2021-08-18", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08", "2026-09-29"}
}

// Environment is one of Persona's two environments.
type Environment string

// The environments.
const (
	EnvironmentSandbox    Environment = "sandbox"
	EnvironmentProduction Environment = "production"
)

// Environments returns both environments.
func Environments() []Environment { return []Environment{EnvironmentSandbox, EnvironmentProduction} }
