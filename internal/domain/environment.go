package domain

import "fmt"

// Environment is one of Persona's two environments. Each has its own API key, webhook
// secrets and rows, and they share no data.
type Environment string

const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// ParseEnvironment returns the environment with the name s. The error lists the valid
// names.
func ParseEnvironment(s string) (Environment, error) {
	switch e := Environment(s); e {
	case Sandbox, Production:
		return e, nil
	default:
		return "", fmt.Errorf("unknown environment %q: it is %q or %q", s, Sandbox, Production)
	}
}
