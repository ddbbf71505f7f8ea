package config

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// Loader loads the settings that administrators changed, one document for all nodes.
type Loader interface {
	LoadSettings(ctx context.Context) (Stored, error)
}

// Manager holds the settings in force. It is safe for concurrent use.
type Manager struct {
	state atomic.Pointer[state]

	file   values
	pinned values // of variables and flags; a patch can't override them

	mu        sync.Mutex // held during a change
	loader    Loader
	listeners []func(old, new *Config)
}

// state is the settings in force and the version of the stored document they include.
type state struct {
	config  *Config
	version int64
}

func newManager(file, fixed values) *Manager {
	m := &Manager{file: file, pinned: fixed}
	m.state.Store(&state{config: m.merge(nil, fixed)})
	return m
}

// Current returns the settings in force. It takes no lock. Callers must not modify them.
func (m *Manager) Current() *Config { return m.state.Load().config }

// CurrentWithETag returns the settings in force with the entity tag (RFC 9110, section 8.8.3) of the stored document they include.
func (m *Manager) CurrentWithETag() (c *Config, tag string) {
	s := m.state.Load()
	return s.config, etag(s.version)
}

func etag(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// OnChange registers f to be called after each change, one call at a time in the order of the changes. f must not call Follow, Refresh or Attach.
func (m *Manager) OnChange(f func(old, new *Config)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners = append(m.listeners, f)
}

// Attach puts the stored settings in force, and makes Refresh load them from the same place. The warnings name stored settings that this version
// ignores; they keep their defaults. The error names the first invalid one; the settings in force then stay unchanged.
func (m *Manager) Attach(ctx context.Context, loader Loader) (warnings []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loader = loader
	stored, err := loader.LoadSettings(ctx)
	if err != nil {
		return nil, fmt.Errorf("load settings: %w", err)
	}
	d, err := parseStored(stored)
	if err != nil {
		return nil, err
	}
	m.publish(d.values, stored.Version)
	return ignoredWarning("the database", d.ignored), nil
}

// Refresh loads the changes of other nodes.
func (m *Manager) Refresh(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored, err := m.loader.LoadSettings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	if stored.Version == m.state.Load().version {
		return nil
	}
	return m.follow(stored)
}

// Follow puts a stored document in force unless it, or a later one, already is.
func (m *Manager) Follow(stored Stored) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stored.Version <= m.state.Load().version {
		return nil
	}
	return m.follow(stored)
}

func (m *Manager) follow(stored Stored) error {
	d, err := parseStored(stored)
	if err != nil {
		return err
	}
	m.publish(d.values, stored.Version)
	return nil
}

// storedValues is a stored document without the settings that this version ignores. Earlier versions accepted them.
type storedValues struct {
	values  values
	ignored []string
}

func parseStored(stored Stored) (storedValues, error) {
	if len(stored.Document) == 0 {
		return storedValues{values: values{}}, nil
	}
	d := decode(stored.Document)
	d.errs = slices.DeleteFunc(d.errs, func(e settingError) bool { return e.id == unknownSettingID }) // from a later version
	if len(d.errs) > 0 {
		return storedValues{}, fmt.Errorf("stored settings: %w", d.errs[0])
	}
	k := storedValues{values: d.values}
	for s, v := range d.values {
		if s.Unsupported && !s.IsDefault(v) {
			k.ignored = append(k.ignored, s.Key())
			delete(k.values, s)
		}
	}
	return k, nil
}

// publish puts settings in force that include saved, and calls the listeners. m.mu must be held.
func (m *Manager) publish(saved values, version int64) {
	before, after := m.Current(), m.merge(saved, m.pinned)
	m.state.Store(&state{after, version})
	for _, f := range m.listeners {
		f(before, after)
	}
}

// merge returns the settings of the file and of the given sources. Later sources override earlier ones.
func (m *Manager) merge(sources ...values) *Config {
	c := Default()
	for _, source := range append([]values{m.file}, sources...) {
		for s, v := range source {
			s.Set(c, v)
		}
	}
	return c
}
