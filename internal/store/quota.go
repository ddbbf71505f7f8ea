package store

import (
	"context"
	"fmt"

	"muster"
)

// UploadQuota is how much an account may upload; 0 is no limit.
type UploadQuota struct {
	Unfinished int
	Bytes      int64 // of files and of what unfinished uploads announced
}

// fileMinSize is what a file counts for at least: a disk gives it a block, and the database a row.
const fileMinSize = 4096

// uploadedBytes sums up what an account keeps, with one more upload. The account is locked, so that two can't both be the last that fits.
func (t *Tx) uploadedBytes(ctx context.Context, u *muster.Upload) (n int64, err error) {
	err = t.queryRow(ctx, `SELECT (SELECT COALESCE(SUM(CASE WHEN size < ? THEN ? ELSE size END), 0) FROM files WHERE user_id = ?)
		+ (SELECT COALESCE(SUM(CASE WHEN file_size < ? THEN ? ELSE file_size END), 0) FROM uploads WHERE user_id = ?)`,
		fileMinSize, fileMinSize, u.UserID, fileMinSize, fileMinSize, u.UserID).Scan(&n)
	return n + max(u.FileSize, fileMinSize), err
}

// countOf counts an account's rows of a table. The account is locked.
func (t *Tx) countOf(ctx context.Context, table, userID string) (n int, err error) {
	if err = t.queryRow(ctx, "SELECT count(*) FROM "+table+" WHERE user_id = ?", userID).Scan(&n); err != nil {
		err = fmt.Errorf("count %s: %w", table, err)
	}
	return n, err
}
