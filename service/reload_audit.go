package service

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// inUse is a configuration with the content of its policies, to tell what a reload changes.
type inUse struct {
	cfg      Config
	policies map[Environment][sha256.Size]byte
}

// inUseOf returns a configuration with the content of its policies. A policy that cannot be
// read counts as empty.
func inUseOf(cfg Config) inUse {
	cfg.Environments = maps.Clone(cfg.Environments)
	u := inUse{cfg, map[Environment][sha256.Size]byte{}}
	for name, e := range cfg.Environments {
		if e.Policy != "" {
			source, _ := os.ReadFile(e.Policy)
			u.policies[name] = sha256.Sum256(source)
		}
	}
	return u
}

// changes returns the names of the settings of an environment, and of those for all, that
// differ in another configuration. It returns no values.
func (u inUse) changes(name Environment, next inUse) []string {
	names := differences(u.cfg, next.cfg, []string{"environments"})
	for _, other := range []Environment{Sandbox, Production} {
		_, was := u.cfg.Environments[other]
		if _, is := next.cfg.Environments[other]; was != is {
			names = append(names, "environments."+string(other))
		}
	}
	was, configured := u.cfg.Environments[name]
	is, stays := next.cfg.Environments[name]
	if !configured || !stays {
		return names
	}
	settings := differences(was, is, nil)
	if u.policies[name] != next.policies[name] && !slices.Contains(settings, "policy") {
		settings = append(settings, "policy")
	}
	for _, setting := range settings {
		switch setting {
		case "flows":
			setting += changedKeys(was.Flows, is.Flows)
		case "notifications":
			setting += changedKeys(byName(was.Notifications), byName(is.Notifications))
		}
		names = append(names, fmt.Sprintf("environments.%s.%s", name, setting))
	}
	return names
}

func byName(endpoints []NotificationEndpoint) map[string]NotificationEndpoint {
	named := map[string]NotificationEndpoint{}
	for _, e := range endpoints {
		named[e.Name] = e
	}
	return named
}

// changedKeys returns the keys whose values differ, such as " (kyb added, kyc changed)".
func changedKeys[T any](was, is map[string]T) string {
	all := maps.Clone(is)
	if all == nil {
		all = map[string]T{}
	}
	maps.Copy(all, was)
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		before, had := was[key]
		after, has := is[key]
		switch {
		case !had:
			changed = append(changed, key+" added")
		case !has:
			changed = append(changed, key+" removed")
		case !reflect.DeepEqual(before, after):
			changed = append(changed, key+" changed")
		}
	}
	if len(changed) == 0 {
		return "" // only the order
	}
	return " (" + strings.Join(changed, ", ") + ")"
}

const (
	reloadAuditTime = 5 * time.Second // limit for writing the entries
	maxReloadDetail = 2000            // bytes of an entry
)

// recordReload writes an entry about a reload to the audit trail of each environment: what
// has changed, by name, and whether it is used. The reason why a configuration is rejected can
// quote it, so it is in the log only. Entries that cannot be written do not undo the reload.
func (s *Service) recordReload(ctx context.Context, next inUse, rejected bool, restart []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadAuditTime)
	defer cancel()
	for name := range s.cfg.Environments {
		what, detail := "configuration.reloaded", "nothing has changed"
		changed := s.inUse.changes(name, next)
		if len(changed) > 0 {
			detail = "changed: " + strings.Join(changed, ", ")
		}
		if len(restart) > 0 {
			detail += "; needs a restart: " + strings.Join(restart, ", ")
		}
		if rejected {
			what = "configuration.rejected"
			switch {
			case len(next.cfg.Environments) == 0:
				detail = "the configuration cannot be read; nothing was changed: see the log"
			default:
				detail += "; it cannot be used, and nothing was changed: see the log"
			}
		}
		entry := audit.Entry{Environment: name, At: s.db.Now(), Actor: "idem", What: what, Detail: domain.Storable(detail, maxReloadDetail)}
		if err := s.db.RecordAudit(ctx, name, []audit.Entry{entry}); err != nil {
			s.logger.ErrorContext(ctx, "a reload is not in the audit trail", "environment", name, "error", err)
		}
	}
}
