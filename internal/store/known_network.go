package store

import (
	"context"
	"fmt"
)

// networksOfUser are known to one account; a new one takes the place of the one with the oldest login.
const networksOfUser = 20

// KnownNetwork is a network in which an account's owner showed who they are.
type KnownNetwork struct {
	Hash      []byte // 32 bytes, of the account and the network
	ExpiresAt int64  // Unix ms
}

// SaveKnownNetwork makes a network known to an account that the transaction has locked; nil is none.
func (t *Tx) SaveKnownNetwork(ctx context.Context, userID string, n *KnownNetwork) error {
	if n == nil {
		return nil
	}
	_, err := t.exec(ctx, "INSERT INTO known_networks (user_id, hash, expires_at) VALUES (?,?,?) ON CONFLICT (user_id, hash) DO UPDATE SET expires_at = excluded.expires_at",
		userID, n.Hash, n.ExpiresAt)
	if err != nil {
		return fmt.Errorf("save a known network: %w", err)
	}
	_, err = t.exec(ctx, `DELETE FROM known_networks WHERE user_id = ? AND hash IN
		(SELECT hash FROM known_networks WHERE user_id = ? ORDER BY expires_at DESC, hash LIMIT 1000 OFFSET ?)`, userID, userID, networksOfUser)
	if err != nil {
		return fmt.Errorf("delete the oldest known network: %w", err)
	}
	return nil
}

// KnowsNetwork reports whether the account knows the network at a time (Unix ms).
func (s *Store) KnowsNetwork(ctx context.Context, userID string, hash []byte, now int64) (known bool, err error) {
	err = s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM known_networks WHERE user_id = ? AND hash = ? AND expires_at > ?)", userID, hash, now).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("read known networks: %w", err)
	}
	return known, nil
}

// DeleteExpiredNetworks deletes at most limit known networks that ended before a time (Unix ms).
func (t *Tx) DeleteExpiredNetworks(ctx context.Context, before int64, limit int) error {
	_, err := t.exec(ctx, "DELETE FROM known_networks WHERE (user_id, hash) IN (SELECT user_id, hash FROM known_networks WHERE expires_at <= ? LIMIT ?"+t.s.dialect.forUpdateSkipLocked()+")", before, limit)
	return err
}
