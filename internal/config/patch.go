package config

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"muster"
)

// Patch is a request to change settings.
type Patch struct {
	Body    []byte                       // a JSON object of sections
	IfMatch []string                     // entity tags, one of which must be the current one; empty for no condition
	Audit   func([]Change) *muster.Audit // returns the audit entry to store with the changes
}

// Patch changes the settings in the body and returns the settings then in force. It starts from the document in the database, so changes by other
// nodes take effect here, too. Values already in force are skipped, and so is SecretMask for a secret. If a variable or a flag sets a key, the
// new value takes effect once that is removed. The error is of kind Invalid for a bad patch and of kind Conflict if IfMatch doesn't match;
// then nothing is changed.
func (m *Manager) Patch(ctx context.Context, p Patch) (*Config, error) {
	d, err := decodePatch(p.Body)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var stored Stored
	var saved values
	version, err := m.saver.ChangeSettings(ctx, func(now Stored) ([]byte, []*muster.Audit, error) {
		stored = now
		if len(p.IfMatch) > 0 && !matchesETag(p.IfMatch, now.Version) {
			return nil, nil, muster.E(muster.Conflict, changedID)
		}
		before, err := parseStored(now)
		if err != nil {
			return nil, nil, err
		}
		var changes []Change
		if saved, changes, err = m.change(before.values, d.values); err != nil {
			return nil, nil, err
		}
		audits := []*muster.Audit{p.Audit(changes)}
		if len(changes) == 0 {
			return nil, audits, nil
		}
		text, err := saved.encode()
		return text, audits, err
	})
	if muster.IsKind(err, muster.Invalid) || muster.IsKind(err, muster.Conflict) {
		if stale := m.apply(stored); stale != nil {
			return nil, stale
		}
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("save settings: %w", err)
	}
	m.publish(saved, version)
	return m.Current(), nil
}

// Preview returns the settings with a patch applied, but doesn't change them. Unlike in Patch, the body overrides variables and flags. Errors
// are the same as Patch's.
func (m *Manager) Preview(body []byte) (*Config, error) {
	d, err := decodePatch(body)
	if err != nil {
		return nil, err
	}
	c := m.Current().Clone()
	for s, v := range d.values {
		s.Set(c, v)
	}
	return c, checkSecretDestinations(d.values, m.Current(), c)
}

// decodePatch decodes a patch. The error names the first invalid key.
func decodePatch(body []byte) (decoded, error) {
	d := decode(body)
	for _, e := range d.errs {
		return d, e.apiError()
	}
	for _, k := range d.unknown {
		if err, _ := k.check(); err != nil {
			return d, err.apiError()
		}
	}
	return d, nil
}

// change applies a patch to the stored values.
func (m *Manager) change(stored, patch values) (saved values, changes []Change, err error) {
	inForce, unpinned := m.merge(stored, m.pinned), m.merge(stored)
	saved = maps.Clone(stored)
	for _, s := range Settings() { // in order of declaration
		v, named := patch[s]
		if !named || reflect.DeepEqual(v, s.Get(inForce)) {
			continue
		}
		switch {
		case s.Bootstrap:
			return nil, nil, settingError{key: s.Key(), reason: reasonBootstrap}.apiError()
		case s.Unsupported && !s.IsDefault(v):
			return nil, nil, settingError{key: s.Key(), reason: reasonUnsupported, id: notAvailableID}.apiError()
		}
		if old := s.Get(unpinned); !reflect.DeepEqual(v, old) {
			saved[s] = v
			changes = append(changes, Change{s, old, v})
		}
	}
	// A variable or flag that overrides the change may be removed later, so the rule must hold without it, too.
	if err := checkSecretDestinations(patch, inForce, m.merge(saved, m.pinned)); err != nil {
		return nil, nil, err
	}
	return saved, changes, checkSecretDestinations(patch, unpinned, m.merge(saved))
}

// checkSecretDestinations returns an error if a secret would be sent to a different server and the patch doesn't contain the secret.
// Otherwise an administrator who doesn't know a secret could learn it by sending it to a server of their own.
func checkSecretDestinations(patch values, before, after *Config) error {
	for _, secret := range Settings() {
		entered, isEntered := patch[secret]
		sent := secret.Get(after)
		if len(secret.SentTo) == 0 || sent == "" || isEntered && entered == sent {
			continue
		}
		changed := slices.DeleteFunc(slices.Clone(secret.SentTo), func(s *Setting) bool { return s.Equal(before, after) })
		if len(changed) > 0 {
			reason := fmt.Sprintf("was entered for a different %s; enter it again with this change, or clear it", names(changed))
			if isEntered {
				reason = fmt.Sprintf("is set by a variable or flag for a different %s; change both there", names(changed))
			}
			return settingError{key: secret.Key(), reason: reason, id: ReenterSecretID}.apiError()
		}
	}
	return nil
}

func names(settings []*Setting) string {
	list := make([]string, len(settings))
	for i, s := range settings {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}

// matchesETag reports whether an If-Match header with these tags matches the version. It accepts weak tags, because proxies that compress
// responses weaken them.
func matchesETag(tags []string, version int64) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		return tag == "*" || strings.TrimPrefix(tag, "W/") == etag(version)
	})
}
