package config

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"muster"
)

// Saver keeps what administrators changed, one document for all nodes.
type Saver interface {
	LoadSettings(ctx context.Context) (Stored, error)
	// ChangeSettings locks the document, keeps what change makes of it, if that is anything, and the audits in one transaction, and returns the
	// version afterwards. change may run more than once.
	ChangeSettings(ctx context.Context, change func(Stored) ([]byte, []*muster.Audit, error)) (version int64, err error)
}

// Live holds the settings in force. It is safe for use by many goroutines.
type Live struct {
	state atomic.Pointer[state]

	mu        sync.Mutex // one change at a time
	file      document
	fixed     document // variables and flags: no patch gets past them
	saver     Saver
	listeners []func(old, new *Config)
}

// state is what is in force, and the version of the kept document that is part of it.
type state struct {
	config  *Config
	version int64
}

func newLive(file, fixed document) *Live {
	l := &Live{file: file, fixed: fixed}
	l.state.Store(&state{config: l.merge(nil, fixed)})
	return l
}

// Current returns the settings in force, without a lock. Callers only read them.
func (l *Live) Current() *Config { return l.state.Load().config }

// Tagged returns the settings in force with the entity tag of what administrators changed of them (RFC 9110, 8.8.3).
func (l *Live) Tagged() (c *Config, tag string) {
	s := l.state.Load()
	return s.config, tagOf(s.version)
}

func tagOf(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// OnChange has f called after each change, one call at a time in the order of the changes. f must not call Patch, Refresh or Attach.
func (l *Live) OnChange(f func(old, new *Config)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listeners = append(l.listeners, f)
}

// Attach brings in what saver keeps, and has later patches kept there. The warnings name kept keys that this version does not read; they have
// their defaults. The error names the first kept key that may not be used; the settings in force stay as they were.
func (l *Live) Attach(ctx context.Context, saver Saver) (warnings []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saver = saver
	kept, err := saver.LoadSettings(ctx)
	if err != nil {
		return nil, fmt.Errorf("load settings: %w", err)
	}
	d, err := parseKept(kept)
	if err != nil {
		return nil, err
	}
	l.publish(d.set, kept.Version)
	return warnUnread("the database", d.unread), nil
}

// Refresh brings in what other nodes changed.
func (l *Live) Refresh(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept, err := l.saver.LoadSettings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	return l.follow(kept)
}

// follow puts a kept document in force unless it is there already; l.mu is held.
func (l *Live) follow(kept Stored) error {
	if kept.Version == l.state.Load().version {
		return nil
	}
	d, err := parseKept(kept)
	if err != nil {
		return err
	}
	l.publish(d.set, kept.Version)
	return nil
}

// keptDocument is a kept document without the keys that nothing reads, which an earlier version took.
type keptDocument struct {
	set    document
	unread []string
}

func parseKept(kept Stored) (keptDocument, error) {
	if len(kept.Document) == 0 {
		return keptDocument{set: document{}}, nil
	}
	d := decode(kept.Document)
	d.faults = slices.DeleteFunc(d.faults, func(f fault) bool { return f.id == unknownSettingID }) // a later version's
	if len(d.faults) > 0 {
		return keptDocument{}, fmt.Errorf("kept settings: %w", d.faults[0])
	}
	k := keptDocument{set: d.set}
	for s, v := range d.set {
		if s.Later && !s.IsDefault(v) {
			k.unread = append(k.unread, s.Key())
			delete(k.set, s)
		}
	}
	return k, nil
}

// publish puts the settings in force with saved among their sources; l.mu is held.
func (l *Live) publish(saved document, version int64) {
	before, after := l.Current(), l.merge(saved, l.fixed)
	l.state.Store(&state{after, version})
	for _, f := range l.listeners {
		f(before, after)
	}
}

// merge returns what the sources make together, later ones above.
func (l *Live) merge(above ...document) *Config {
	c := Default()
	for _, source := range append([]document{l.file}, above...) {
		for s, v := range source {
			s.Set(c, v)
		}
	}
	return c
}
