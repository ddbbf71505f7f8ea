package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"muster"
)

// Patch is a request to change settings.
type Patch struct {
	values  values
	ifMatch []string
}

// ParsePatch reads a patch from a JSON object of sections. ifMatch are entity tags, one of which must be that of the stored settings; empty for no
// condition. The error is of kind Invalid and names the first invalid key.
func ParsePatch(body []byte, ifMatch []string) (*Patch, error) {
	d, err := decodePatch(body)
	if err != nil {
		return nil, err
	}
	return &Patch{d.values, ifMatch}, nil
}

// Edit is the result of a patch.
type Edit struct {
	Changes  []Change
	Document []byte  // to be stored; nil without changes
	Config   *Config // in force once Document is stored
}

// Apply returns the result of a patch of the stored settings, which must stay locked until the result is stored; it changes nothing. Values already in
// force are skipped, and so is SecretMask for a secret. If a variable or a flag sets a key, the new value takes effect once that is removed. The
// error is of kind Invalid for a bad patch and of kind Conflict if its condition doesn't hold.
func (m *Manager) Apply(stored Stored, p *Patch) (*Edit, error) {
	if len(p.ifMatch) > 0 && !matchesETag(p.ifMatch, stored.Version) {
		return nil, muster.E(muster.Conflict, changedID)
	}
	before, err := parseStored(stored)
	if err != nil {
		return nil, err
	}
	saved, changes, err := m.change(before.values, p.values)
	if err != nil {
		return nil, err
	}
	e := &Edit{Changes: changes, Config: m.merge(saved, m.pinned)}
	if len(changes) > 0 {
		e.Document, err = saved.encode()
	}
	return e, err
}

// Preview returns the settings with a patch applied, but doesn't change them. Unlike in Apply, the body overrides variables and flags. Errors
// are those of ParsePatch and Apply.
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
