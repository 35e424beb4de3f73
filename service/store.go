package service

import "github.com/idemhq/idem/internal/store"

// Store returns the service's rows, for a page beside the service. It can be read
// while [Service.Run] runs.
func (s *Service) Store() store.Store { return s.db }
