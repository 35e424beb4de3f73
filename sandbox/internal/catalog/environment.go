package catalog

// Environment is one of Persona's two environments.
type Environment string

// The environments.
const (
	EnvironmentSandbox    Environment = "sandbox"
	EnvironmentProduction Environment = "production"
)

// Environments are all environments.
func Environments() []Environment { return []Environment{EnvironmentSandbox, EnvironmentProduction} }
