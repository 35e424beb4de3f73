package service

import (
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// explain tries the rules of the present policy on the facts of a decision.
func (s *Service) explain(environment Environment, d domain.Decision) (version string, trials []policy.Trial, err error) {
	p := s.advancer.Policy(environment)
	if len(d.Facts) == 0 {
		return p.Version(), nil, nil
	}
	var facts policy.Facts
	if err := json.Unmarshal(d.Facts, &facts); err != nil {
		return "", nil, fmt.Errorf("read the facts of decision %s: %w", d.ID, err)
	}
	return p.Version(), p.Explain(facts), nil
}
