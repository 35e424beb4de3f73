package service

import "github.com/idemhq/idem/internal/store"

// Store returns the service's store, for a page that shows its rows. It may be read while
// [Service.Run] is running.
func (s *Service) Store() store.Store { return s.db }
