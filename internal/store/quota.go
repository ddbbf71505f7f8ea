package store

import (
	"context"
	"fmt"
)

// countOf counts an account's rows of a table. The account is locked.
func (t *Tx) countOf(ctx context.Context, table, userID string) (n int, err error) {
	if err = t.queryRow(ctx, "SELECT count(*) FROM "+table+" WHERE user_id = ?", userID).Scan(&n); err != nil {
		err = fmt.Errorf("count %s: %w", table, err)
	}
	return n, err
}
