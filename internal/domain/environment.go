package domain

import "fmt"

// Environment is one of Persona's two worlds. Each has its own API key, webhook
// secrets and rows; nothing crosses from one to the other.
type Environment string

const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// ParseEnvironment returns the environment that s names, or an error that lists
// the two names there are.
func ParseEnvironment(s string) (Environment, error) {
	switch e := Environment(s); e {
	case Sandbox, Production:
		return e, nil
	default:
		return "", fmt.Errorf("unknown environment %q: it is %q or %q", s, Sandbox, Production)
	}
}
