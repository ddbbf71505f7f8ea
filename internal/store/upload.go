package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster"
)

// ErrConcurrent reports that another request changed the row first.
var ErrConcurrent = errors.New("changed meanwhile")

const uploadColumns = "id, create_at, user_id, channel_id, filename, file_size, file_offset, pieces"

// UploadState is an unfinished upload with the keys of the pieces that have arrived, in order.
type UploadState struct {
	muster.Upload
	Pieces []string
}

func scanUpload(r scanner) (*UploadState, error) {
	u := &UploadState{}
	u.Type = muster.UploadAttachment
	var pieces string
	err := r.Scan(&u.ID, &u.CreateAt, &u.UserID, &u.ChannelID, &u.Filename, &u.FileSize, &u.FileOffset, &pieces)
	u.Pieces = strings.Fields(pieces)
	return u, noRow(err)
}

// HoldAccount locks an account until the transaction's end, so that its rows of other tables can be counted; ErrNotFound.
func (t *Tx) HoldAccount(ctx context.Context, id string) error {
	found, err := t.lockUsers(ctx, id)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	return err
}

// InsertUpload stores an announced upload.
func (t *Tx) InsertUpload(ctx context.Context, u *muster.Upload) error {
	_, err := t.exec(ctx, "INSERT INTO uploads ("+uploadColumns+") VALUES ("+placeholders(8)+")",
		u.ID, u.CreateAt, u.UserID, u.ChannelID, u.Filename, u.FileSize, u.FileOffset, "")
	if err != nil {
		return fmt.Errorf("insert upload: %w", err)
	}
	return nil
}

// UploadUsage is what an account has uploaded.
type UploadUsage struct {
	Unfinished int
	Bytes      int64 // of files, and announced by unfinished uploads
}

// fileMinSize is what every file counts for at least: a disk allocates a block for it, and the database a row.
const fileMinSize = 4096

// UploadUsage returns what an account has uploaded.
func (t *Tx) UploadUsage(ctx context.Context, userID string) (u UploadUsage, err error) {
	err = t.queryRow(ctx, `SELECT (SELECT count(*) FROM uploads WHERE user_id = ?),
		(SELECT COALESCE(SUM(CASE WHEN size < ? THEN ? ELSE size END), 0) FROM files WHERE user_id = ?)
		+ (SELECT COALESCE(SUM(CASE WHEN file_size < ? THEN ? ELSE file_size END), 0) FROM uploads WHERE user_id = ?)`,
		userID, fileMinSize, fileMinSize, userID, fileMinSize, fileMinSize, userID).Scan(&u.Unfinished, &u.Bytes)
	if err != nil {
		err = fmt.Errorf("sum up uploads: %w", err)
	}
	return u, err
}

// Upload returns an unfinished upload; ErrNotFound.
func (s *Store) Upload(ctx context.Context, id string) (*UploadState, error) {
	return scanUpload(s.queryRow(ctx, "SELECT "+uploadColumns+" FROM uploads WHERE id = ?", id))
}

// Uploads returns an account's unfinished uploads, everybody's for "", oldest first.
func (s *Store) Uploads(ctx context.Context, userID string) ([]*UploadState, error) {
	c := &condition{}
	if userID != "" {
		c.add("user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT "+uploadColumns+" FROM uploads"+c.where()+" ORDER BY create_at, id", c.args...)
	return collect(rows, err, scanUpload)
}

// StaleUploads returns unfinished uploads that began before a time (Unix ms), at most limit.
func (s *Store) StaleUploads(ctx context.Context, before int64, limit int) ([]*UploadState, error) {
	rows, err := s.query(ctx, "SELECT "+uploadColumns+" FROM uploads WHERE create_at < ? LIMIT ?", before, limit)
	return collect(rows, err, scanUpload)
}

// DeleteUpload deletes an unfinished upload; ErrNotFound.
func (t *Tx) DeleteUpload(ctx context.Context, id string) error {
	return changed(t.exec(ctx, "DELETE FROM uploads WHERE id = ?", id))
}

// AddPiece records that a piece arrived, of size bytes and stored under a key, and returns the upload with it. It returns ErrConcurrent when another piece
// arrived first or the upload is gone.
func (t *Tx) AddPiece(ctx context.Context, u *UploadState, key string, size int64) (*UploadState, error) {
	next := *u
	next.FileOffset += size
	next.Pieces = append(slices.Clone(u.Pieces), key)
	err := changed(t.exec(ctx, "UPDATE uploads SET file_offset = ?, pieces = ? WHERE id = ? AND file_offset = ? AND pieces = ?",
		next.FileOffset, strings.Join(next.Pieces, " "), u.ID, u.FileOffset, strings.Join(u.Pieces, " ")))
	if errors.Is(err, ErrNotFound) {
		return nil, ErrConcurrent
	}
	return &next, err
}

// InsertFile stores what is known of a file.
func (t *Tx) InsertFile(ctx context.Context, f *muster.FileInfo) error {
	_, err := t.exec(ctx, "INSERT INTO files ("+fileColumns+") VALUES ("+placeholders(8)+")", f.ID, f.CreateAt, f.UserID, f.ChannelID, f.Name, f.Extension, f.Size, f.MimeType)
	if err != nil {
		return fmt.Errorf("insert file: %w", err)
	}
	return nil
}

const fileColumns = "id, create_at, user_id, channel_id, name, extension, size, mime_type"

// File returns what is known of a file; ErrNotFound.
func (s *Store) File(ctx context.Context, id string) (*muster.FileInfo, error) {
	remote := ""
	f := &muster.FileInfo{RemoteID: &remote}
	err := s.queryRow(ctx, "SELECT "+fileColumns+" FROM files WHERE id = ?", id).
		Scan(&f.ID, &f.CreateAt, &f.UserID, &f.ChannelID, &f.Name, &f.Extension, &f.Size, &f.MimeType)
	f.UpdateAt = f.CreateAt
	return f, noRow(err)
}

// FileIDsOf returns the ids of an account's files, everybody's for "".
func (s *Store) FileIDsOf(ctx context.Context, userID string) ([]string, error) {
	c := &condition{}
	if userID != "" {
		c.add("user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT id FROM files"+c.where(), c.args...)
	return collect(rows, err, scanString)
}
