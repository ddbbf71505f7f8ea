package store

import (
	"context"
	"testing"
	"time"

	"muster"
)

// LimitCandidates makes a small directory behave as a large one: prefixes that more than n terms share are walked.
func LimitCandidates(t *testing.T, n int) {
	old := candidateMax
	candidateMax = n
	t.Cleanup(func() { candidateMax = old })
}

// LinkRequestsAsker is how many requests of one asker wait at a time.
const LinkRequestsAsker = linkRequestsAsker

// CheckIntegrity asks the open database whether what it holds is sound.
func (s *Store) CheckIntegrity(ctx context.Context) error { return s.dialect.integrity(ctx, s.reader) }

// LockPatience has a start that finds another server give up after d.
func LockPatience(t *testing.T, d time.Duration) {
	old := lockPatience
	lockPatience = d
	t.Cleanup(func() { lockPatience = old })
}

// LockKey is the advisory lock's.
const LockKey = lockKey

// ThrottleRows counts the attempts that are remembered, by row.
func ThrottleRows(s *Store) (n int, err error) {
	err = s.queryRow(context.Background(), "SELECT count(*) FROM login_throttles").Scan(&n)
	return n, err
}

// KnownNetworkRows counts the networks that accounts know.
func KnownNetworkRows(s *Store) (n int, err error) {
	err = s.queryRow(context.Background(), "SELECT count(*) FROM known_networks").Scan(&n)
	return n, err
}

// ThrottleOf returns a counter as it is stored, zero for none.
func ThrottleOf(s *Store, key []byte) (muster.Throttle, error) {
	rows, err := s.query(context.Background(), "SELECT "+counterColumns+" FROM login_throttles WHERE key = ?", key)
	one, err := withStates([]Reserved{{Counter: Counter{Key: key}}}, rows, err)
	if err != nil {
		return muster.Throttle{}, err
	}
	return one[0].Throttle, nil
}
