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

// Patch is a change of the settings.
type Patch struct {
	Body    []byte                       // a JSON object of sections
	IfMatch []string                     // entity tags, one of which must still be that of the settings; none for any
	Audit   func([]Change) *muster.Audit // makes the line that is kept together with the change
}

// Patch changes the keys that the body names and returns the settings then in force. It is decided and kept on the document as it is in the
// database, which another node may have changed; that node's changes come into force here too. Values already in force are passed over, and so
// is SecretMask for a secret. A key that a variable or a flag sets keeps that value until the variable is gone. An Error of kind Invalid says
// what is wrong, one of kind Conflict that IfMatch no longer holds; nothing is changed then.
func (l *Live) Patch(ctx context.Context, p Patch) (*Config, error) {
	d, err := decodePatch(p.Body)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept Stored
	var saved document
	version, err := l.saver.ChangeSettings(ctx, func(now Stored) ([]byte, []*muster.Audit, error) {
		kept = now
		if len(p.IfMatch) > 0 && !matches(p.IfMatch, now.Version) {
			return nil, nil, muster.E(muster.Conflict, changedID)
		}
		before, err := parseKept(now)
		if err != nil {
			return nil, nil, err
		}
		var changes []Change
		if saved, changes, err = l.change(before.set, d.set); err != nil {
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
		if stale := l.follow(kept); stale != nil {
			return nil, stale
		}
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("save settings: %w", err)
	}
	l.publish(saved, version)
	return l.Current(), nil
}

// Propose returns the settings as Patch would make them, in force for nobody. A variable or a flag gives way here. Errors as Patch's.
func (l *Live) Propose(body []byte) (*Config, error) {
	d, err := decodePatch(body)
	if err != nil {
		return nil, err
	}
	c := l.Current().Clone()
	for s, v := range d.set {
		s.Set(c, v)
	}
	return c, checkSecrets(d.set, l.Current(), c)
}

// decodePatch reads a patch; the error names the first key that is wrong.
func decodePatch(body []byte) (decoded, error) {
	d := decode(body)
	for _, f := range d.faults {
		return d, f.refusal()
	}
	for _, f := range d.foreign {
		if wrong, _ := f.judge(); wrong != nil {
			return d, wrong.refusal()
		}
	}
	return d, nil
}

// change applies a patch to the kept document.
func (l *Live) change(kept, patch document) (saved document, changes []Change, err error) {
	inForce, below := l.merge(kept, l.fixed), l.merge(kept)
	saved = maps.Clone(kept)
	for _, s := range Settings() { // in their order
		v, named := patch[s]
		if !named || reflect.DeepEqual(v, s.Get(inForce)) {
			continue
		}
		switch {
		case s.Bootstrap:
			return nil, nil, fault{key: s.Key(), reason: reasonBootstrap}.refusal()
		case s.Later && !s.IsDefault(v):
			return nil, nil, fault{key: s.Key(), reason: reasonLater, id: unavailableID}.refusal()
		}
		if old := s.Get(below); !reflect.DeepEqual(v, old) {
			saved[s] = v
			changes = append(changes, Change{s, old, v})
		}
	}
	// A variable that hides the change today may be gone tomorrow, so the rule has to hold without it as well.
	if err := checkSecrets(patch, inForce, l.merge(saved, l.fixed)); err != nil {
		return nil, nil, err
	}
	return saved, changes, checkSecrets(patch, below, l.merge(saved))
}

// checkSecrets refuses a change of what says where a secret is sent, unless the patch sets the secret again. An administrator of the settings need not
// know their secrets, and must not get them by having them sent to a server of theirs.
func checkSecrets(patch document, before, after *Config) error {
	for _, secret := range Settings() {
		given, isGiven := patch[secret]
		sent := secret.Get(after)
		if len(secret.SentTo) == 0 || sent == "" || isGiven && given == sent {
			continue
		}
		moved := slices.DeleteFunc(slices.Clone(secret.SentTo), func(s *Setting) bool { return s.Equal(before, after) })
		if len(moved) > 0 {
			reason := fmt.Sprintf("was given for another %s: give it again with this change, or empty it", names(moved))
			if isGiven {
				reason = fmt.Sprintf("is set by a variable or flag, for another %s: change both there", names(moved))
			}
			return fault{key: secret.Key(), reason: reason, id: ReenterSecretID}.refusal()
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

// matches reports whether a version is one of the entity tags of an If-Match header. Proxies that compress make a tag weak.
func matches(tags []string, version int64) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		return tag == "*" || strings.TrimPrefix(tag, "W/") == tagOf(version)
	})
}
