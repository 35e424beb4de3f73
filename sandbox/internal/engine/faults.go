package engine

import (
	"fmt"

	"github.com/idemhq/idem/sandbox/internal/faults"
)

// AddFault makes something go wrong from now on. Where several faults fit, the one
// that was added first happens.
func (s *Engine) AddFault(f faults.Fault) error {
	_, err := s.InstallFault(f)
	return err
}

func (s *Engine) InstallFault(f faults.Fault) (faults.ActiveFault, error) {
	f, err := f.Complete()
	if err != nil {
		return faults.ActiveFault{}, fmt.Errorf("sandbox: %w", err)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.Planned.Add(f), nil
}

// Faults returns what is still to go wrong, in the order in which it was added.
func (s *Engine) Faults() []faults.ActiveFault {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	all := []faults.ActiveFault{}
	for _, f := range s.Planned.Active {
		all = append(all, *f)
	}
	return all
}

// RemoveFault takes a fault back, and reports whether there was one with this id.
func (s *Engine) RemoveFault(id int) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	before := len(s.Planned.Active)
	s.Planned.Remove(id)
	return len(s.Planned.Active) < before
}

// ClearFaults takes all faults back.
func (s *Engine) ClearFaults() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Planned.Active = nil
}
