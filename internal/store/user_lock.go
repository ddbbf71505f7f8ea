package store

import (
	"context"
	"fmt"
	"slices"

	"muster"
)

// LockUsers holds accounts as they are until the transaction's end: what a membership grants follows from its account, and making the account a guest
// has to wait. Ids of no account are passed over. Accounts are locked by id, before teams, channels and memberships.
func (t *Tx) LockUsers(ctx context.Context, ids ...string) error {
	_, err := t.lockUsers(ctx, ids...)
	return err
}

// lockUsers is LockUsers, and returns for each account whether it is a guest.
func (t *Tx) lockUsers(ctx context.Context, ids ...string) (map[string]bool, error) {
	if t.guests == nil {
		t.guests = map[string]bool{}
	}
	found := map[string]bool{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		rows, err := t.query(ctx, "SELECT id, roles FROM users WHERE id IN ("+placeholders(len(chunk))+") ORDER BY id"+t.s.dialect.forUpdate(), toArgs(chunk)...)
		_, err = collect(rows, err, func(r scanner) (u muster.User, err error) {
			err = r.Scan(&u.ID, &u.Roles)
			found[u.ID], t.guests[u.ID] = u.IsGuest(), u.IsGuest()
			return u, err
		})
		if err != nil {
			return nil, fmt.Errorf("lock accounts: %w", err)
		}
	}
	return found, nil
}

var errNoAccount = muster.E(muster.NotFound, "app.user.missing_account.const")

// isGuest reports whether an account is a guest, and locks it unless LockUsers did; kind NotFound without the account.
func (t *Tx) isGuest(ctx context.Context, userID string) (bool, error) {
	if guest, ok := t.guests[userID]; ok {
		return guest, nil
	}
	found, err := t.lockUsers(ctx, userID)
	if err != nil {
		return false, err
	}
	guest, ok := found[userID]
	if !ok {
		return false, errNoAccount
	}
	return guest, nil
}
