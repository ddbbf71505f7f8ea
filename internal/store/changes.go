package store

import "slices"

// Changes are what a transaction touched that others keep copies of or wait for.
type Changes struct {
	Mail         bool // the outbox has more to send
	LinkRequests bool // a mailed link was requested
}

// OnCommit calls fn after each transaction that changed anything of Changes, before the writer goes on, until cancel is called. fn must not block.
func (s *Store) OnCommit(fn func(Changes)) (cancel func()) {
	s.listenersMu.Lock()
	defer s.listenersMu.Unlock()
	l := &fn
	s.listeners = append(s.listeners, l)
	return func() {
		s.listenersMu.Lock()
		defer s.listenersMu.Unlock()
		s.listeners = slices.DeleteFunc(slices.Clone(s.listeners), func(other *func(Changes)) bool { return other == l })
	}
}

// committed tells the listeners what a transaction touched.
func (s *Store) committed(c Changes) {
	if c == (Changes{}) {
		return
	}
	s.listenersMu.RLock()
	listeners := s.listeners
	s.listenersMu.RUnlock()
	for _, fn := range listeners {
		(*fn)(c)
	}
}
