package store

import (
	"context"
	"fmt"
	"slices"

	"muster"
)

// guests tells of accounts, by id, whether they are guests' (true) or full members'.
type guests map[string]bool

// lockUsers holds accounts as they are until the transaction's end: what a membership grants follows from its account, and a demotion waits. Ids
// that are nobody's are left out. Accounts are locked in one order, before teams, channels and memberships.
func (t *Tx) lockUsers(ctx context.Context, ids ...string) (guests, error) {
	found := guests{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		rows, err := t.query(ctx, "SELECT id, roles FROM users WHERE id IN ("+placeholders(len(chunk))+") ORDER BY id"+t.s.dialect.forUpdate(), toArgs(chunk)...)
		_, err = collect(rows, err, func(r scanner) (u muster.User, err error) {
			err = r.Scan(&u.ID, &u.Roles)
			found[u.ID] = u.IsGuest()
			return u, err
		})
		if err != nil {
			return nil, fmt.Errorf("lock accounts: %w", err)
		}
	}
	return found, nil
}

var errNoAccount = muster.E(muster.NotFound, "app.user.missing_account.const")

// of returns whether an account is a guest's; kind NotFound when there is none.
func (g guests) of(userID string) (bool, error) {
	guest, ok := g[userID]
	if !ok {
		return false, errNoAccount
	}
	return guest, nil
}
