package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"muster"
)

// ErrConcurrent says that another request changed the row first.
var ErrConcurrent = errors.New("changed meanwhile")

const uploadColumns = "id, create_at, user_id, channel_id, filename, file_size, file_offset, pieces"

// UploadState is an upload and where the pieces that have arrived are kept, in order.
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

// CreateUpload keeps an announced upload. More unfinished ones of one account than its quota are app.upload.create.too_many, kind RateLimited; more
// bytes app.upload.create.quota, kind TooLarge.
func (s *Store) CreateUpload(ctx context.Context, u *muster.Upload, quota UploadQuota) error {
	return s.WriteGrowing(ctx, func(t *Tx) error {
		if accounts, err := t.lockUsers(ctx, u.UserID); err != nil || len(accounts) == 0 {
			return cmp.Or(err, ErrNotFound)
		}
		unfinished, err := t.countOf(ctx, "uploads", u.UserID)
		if err != nil {
			return err
		}
		if quota.Unfinished > 0 && unfinished >= quota.Unfinished {
			return muster.E(muster.RateLimited, "app.upload.create.too_many.app_error")
		}
		bytes, err := t.uploadedBytes(ctx, u)
		if err != nil {
			return fmt.Errorf("sum up uploads: %w", err)
		}
		if quota.Bytes > 0 && bytes > quota.Bytes {
			return muster.E(muster.TooLarge, "app.upload.create.quota.app_error")
		}
		_, err = t.exec(ctx, "INSERT INTO uploads ("+uploadColumns+") VALUES ("+placeholders(8)+")",
			u.ID, u.CreateAt, u.UserID, u.ChannelID, u.Filename, u.FileSize, u.FileOffset, "")
		return err
	})
}

// Upload reads an upload that is under way.
func (s *Store) Upload(ctx context.Context, id string) (*UploadState, error) {
	return scanUpload(s.queryRow(ctx, "SELECT "+uploadColumns+" FROM uploads WHERE id = ?", id))
}

// Uploads gives an account's uploads that are under way, everybody's for "", oldest first.
func (s *Store) Uploads(ctx context.Context, userID string) ([]*UploadState, error) {
	c := &condition{}
	if userID != "" {
		c.add("user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT "+uploadColumns+" FROM uploads"+c.where()+" ORDER BY create_at, id", c.args...)
	return collect(rows, err, scanUpload)
}

// StaleUploads gives at most limit uploads that began before a time (Unix ms).
func (s *Store) StaleUploads(ctx context.Context, before int64, limit int) ([]*UploadState, error) {
	rows, err := s.query(ctx, "SELECT "+uploadColumns+" FROM uploads WHERE create_at < ? LIMIT ?", before, limit)
	return collect(rows, err, scanUpload)
}

// DeleteUpload forgets an upload that is under way.
func (s *Store) DeleteUpload(ctx context.Context, id string) error {
	return s.Write(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, "DELETE FROM uploads WHERE id = ?", id)
		return err
	})
}

// AddPiece notes that a piece of size bytes arrived, kept under a key. ErrConcurrent when another piece arrived first or the upload is gone.
func (s *Store) AddPiece(ctx context.Context, u *UploadState, key string, size int64) (*UploadState, error) {
	next := *u
	next.FileOffset += size
	next.Pieces = append(append([]string{}, u.Pieces...), key)
	return &next, s.WriteGrowing(ctx, func(t *Tx) error {
		err := changed(t.exec(ctx, "UPDATE uploads SET file_offset = ?, pieces = ? WHERE id = ? AND file_offset = ? AND pieces = ?",
			next.FileOffset, strings.Join(next.Pieces, " "), u.ID, u.FileOffset, strings.Join(u.Pieces, " ")))
		if errors.Is(err, ErrNotFound) {
			return ErrConcurrent
		}
		return err
	})
}

// FinishUpload turns an upload whose pieces are all there into a file. ErrNotFound when it is gone: finished by another request.
func (s *Store) FinishUpload(ctx context.Context, f *muster.FileInfo, audits ...*muster.Audit) error {
	return s.WriteGrowing(ctx, func(t *Tx) error {
		if err := changed(t.exec(ctx, "DELETE FROM uploads WHERE id = ?", f.ID)); err != nil {
			return err
		}
		_, err := t.exec(ctx, "INSERT INTO files ("+fileColumns+") VALUES ("+placeholders(8)+")", f.ID, f.CreateAt, f.UserID, f.ChannelID, f.Name, f.Extension, f.Size, f.MimeType)
		if err != nil {
			return fmt.Errorf("insert file: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
}

const fileColumns = "id, create_at, user_id, channel_id, name, extension, size, mime_type"

// File reads what is known of a file.
func (s *Store) File(ctx context.Context, id string) (*muster.FileInfo, error) {
	remote := ""
	f := &muster.FileInfo{RemoteID: &remote}
	err := s.queryRow(ctx, "SELECT "+fileColumns+" FROM files WHERE id = ?", id).
		Scan(&f.ID, &f.CreateAt, &f.UserID, &f.ChannelID, &f.Name, &f.Extension, &f.Size, &f.MimeType)
	f.UpdateAt = f.CreateAt
	return f, noRow(err)
}

// FileIDsOf gives the ids of an account's files, of everybody's for "".
func (s *Store) FileIDsOf(ctx context.Context, userID string) ([]string, error) {
	c := &condition{}
	if userID != "" {
		c.add("user_id = ?", userID)
	}
	rows, err := s.query(ctx, "SELECT id FROM files"+c.where(), c.args...)
	return collect(rows, err, scanString)
}
