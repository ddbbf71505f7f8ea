package store

import "context"

// Disk knows how much room the database has left (package diskspace).
type Disk interface {
	Admit() error  // nil, or kind StorageFull while nothing may be kept that people don't need in order to sign in
	Release() bool // gives up a reserve, and reports whether there was one
}

// room is a Disk, or none.
type room struct{ disk Disk }

func (r room) admit() error {
	if r.disk == nil {
		return nil
	}
	return r.disk.Admit()
}

func (r room) release() bool { return r.disk != nil && r.disk.Release() }

// WriteGrowing is Write for what adds to the database and can wait: accounts, teams, uploads, preferences, access tokens. It is refused while the disk is
// nearly full, before it writes anything, and leaves the room that is left to sign-ins, their end, revocations and other changes of what is
// there: those are plain writes (docs/adr/0019).
func (s *Store) WriteGrowing(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.room.admit(); err != nil {
		return err
	}
	return s.Write(ctx, fn)
}
