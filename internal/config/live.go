package config

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"muster"
)

// Saver keeps what administrators changed. LoadSettings gives back the last bytes saved, none before the first time.
// SaveSettings stores them and the audits in one transaction.
type Saver interface {
	LoadSettings(ctx context.Context) ([]byte, error)
	SaveSettings(ctx context.Context, settings []byte, audits ...*muster.Audit) error
}

// Live holds the settings in force. It is safe for use by many goroutines.
type Live struct {
	current atomic.Pointer[muster.Config]

	mu        sync.Mutex // one change at a time
	file      document
	fixed     document // variables and flags: no patch gets past them
	saved     document
	saver     Saver
	listeners []func(old, new *muster.Config)
}

func newLive(file, fixed document) *Live {
	l := &Live{file: file, fixed: fixed, saved: document{}}
	l.current.Store(l.merge(l.saved))
	return l
}

// Current gives the settings in force, without a lock. Callers only read them.
func (l *Live) Current() *muster.Config { return l.current.Load() }

// OnChange has f called after each change, one call at a time in the order of the changes. f must not call Patch or Attach.
func (l *Live) OnChange(f func(old, new *muster.Config)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listeners = append(l.listeners, f)
}

// Attach brings in what saver kept, and has later patches kept there. Until then a patch lasts as long as the process.
// The error names the first kept key that may not be used; the settings in force stay as they were.
func (l *Live) Attach(ctx context.Context, saver Saver) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := saver.LoadSettings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	saved := document{}
	if len(text) > 0 {
		d := decode(text)
		if len(d.faults) > 0 {
			return d.faults[0]
		}
		saved = d.set
	}
	l.saver = saver
	l.publish(saved)
	return nil
}

// Patch changes the keys that body names, a JSON object of sections, and gives the settings then in force. The change is
// kept before it is seen. Unknown keys are passed over, and so are values already in force and SecretMask for a secret. A key
// that a variable or a flag sets keeps that value until the variable is gone. An Error of kind Invalid names the first
// key that is wrong; nothing changes then.
func (l *Live) Patch(ctx context.Context, body []byte, audits ...*muster.Audit) (*muster.Config, error) {
	d := decode(body)
	if len(d.faults) > 0 {
		return nil, invalid(d.faults[0])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	saved := maps.Clone(l.saved)
	for s, v := range d.set {
		if reflect.DeepEqual(v, s.Get(l.Current())) {
			continue
		}
		if s.Bootstrap {
			return nil, invalid(fault{key: s.Key(), reason: "is read before the database is open; set it by file, variable or flag"})
		}
		saved[s] = v
	}
	if err := l.save(ctx, saved, audits); err != nil {
		return nil, err
	}
	l.publish(saved)
	return l.Current(), nil
}

// Propose gives the settings as Patch would make them, in force for nobody. A variable or a flag gives way here. Errors as Patch's.
func (l *Live) Propose(body []byte) (*muster.Config, error) {
	d := decode(body)
	if len(d.faults) > 0 {
		return nil, invalid(d.faults[0])
	}
	c := l.Current().Clone()
	for s, v := range d.set {
		s.Set(c, v)
	}
	return c, nil
}

func (l *Live) save(ctx context.Context, saved document, audits []*muster.Audit) error {
	if l.saver == nil {
		return nil
	}
	text, err := saved.encode()
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	if err := l.saver.SaveSettings(ctx, text, audits...); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return nil
}

// publish puts the settings in force with saved among their sources; l.mu is held.
func (l *Live) publish(saved document) {
	before, after := l.Current(), l.merge(saved)
	l.saved = saved
	l.current.Store(after)
	for _, f := range l.listeners {
		f(before, after)
	}
}

func (l *Live) merge(saved document) *muster.Config {
	c := muster.DefaultConfig()
	for _, source := range []document{l.file, saved, l.fixed} {
		for s, v := range source {
			s.Set(c, v)
		}
	}
	return c
}

func invalid(f fault) error {
	name := f.key
	if name == "" {
		name = "config"
	}
	return muster.InvalidParam(name, f)
}

// Error makes a fault the cause of an error; it never repeats the value.
func (f fault) Error() string {
	if f.key == "" {
		return f.reason
	}
	return f.key + ": " + f.reason
}
