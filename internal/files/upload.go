package files

import (
	"context"
	"errors"
	"fmt"
	"io"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/files/blob"
	"muster/internal/store"
)

const (
	uploadLife       = 7 * core.Day // of an unfinished one
	uploadSweepBatch = 100
	piecesMax        = 1000 // of one upload: each is a file of its own until the last has come
	noUpload         = "app.upload.get.app_error"
	noFile           = "app.file_info.get.app_error"
	sentMeanwhile    = "app.upload.upload_data.concurrent.app_error"
)

// CreateUpload announces a file for a channel that the caller may upload to; its bytes follow in one piece or in several.
// Kinds: Invalid, Forbidden, TooLarge, RateLimited.
func (f *Files) CreateUpload(ctx context.Context, who *core.Caller, in *muster.Upload) (*muster.Upload, error) {
	u := &muster.Upload{
		ID: muster.NewID(), Type: in.Type, CreateAt: f.core.Now(), UserID: who.ID(), ChannelID: in.ChannelID, Filename: in.Filename, FileSize: in.FileSize,
	}
	if u.Type == "" {
		u.Type = muster.UploadAttachment
	}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	if err := f.core.RequireChannel(ctx, who, u.ChannelID, muster.PermUploadFile); err != nil {
		return nil, err
	}
	if u.FileSize > f.core.Config().FileSettings.MaxFileSize {
		return nil, muster.E(muster.TooLarge, "api.upload.create_upload.too_large.app_error")
	}
	if _, err := f.teams.ChannelByID(ctx, u.ChannelID); err != nil {
		return nil, err
	}
	quota := f.core.Config().StorageSettings
	err := f.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.HoldAccount(ctx, u.UserID); err != nil { // two must not both be the last that fits
			return err
		}
		if err := tx.InsertUpload(ctx, u); err != nil {
			return err
		}
		usage, err := tx.UploadUsage(ctx, u.UserID)
		if err != nil {
			return err
		}
		return requireQuota(usage, quota)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// requireQuota refuses what exceeds an account's quota; 0 is no limit.
func requireQuota(usage store.UploadUsage, quota config.StorageSettings) error {
	if most := quota.MaxUnfinishedUploadsPerUser; most > 0 && usage.Unfinished > most {
		return muster.E(muster.RateLimited, "app.upload.create.too_many.app_error")
	}
	if most := quota.MaxUploadBytesPerUser; most > 0 && usage.Bytes > most {
		return muster.E(muster.TooLarge, "app.upload.create.quota.app_error")
	}
	return nil
}

// Upload returns an unfinished upload of the caller's. Kinds: Forbidden, NotFound.
func (f *Files) Upload(ctx context.Context, who *core.Caller, id string) (*muster.Upload, error) {
	u, err := f.ownUpload(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &u.Upload, nil
}

func (f *Files) ownUpload(ctx context.Context, who *core.Caller, id string) (*store.UploadState, error) {
	u, err := f.store.Upload(ctx, id)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noUpload)
	}
	if u.UserID != who.ID() {
		return nil, muster.E(muster.Forbidden, "api.upload.get_upload.forbidden.app_error")
	}
	return u, nil
}

// UploadsOf returns the caller's own unfinished uploads. Kind Forbidden for another's.
func (f *Files) UploadsOf(ctx context.Context, who *core.Caller, userID string) ([]*muster.Upload, error) {
	if who.ID() != userID && !who.Local() {
		return nil, muster.E(muster.Forbidden, "api.user.get_uploads_for_user.forbidden.app_error")
	}
	states, err := f.store.Uploads(ctx, userID)
	list := make([]*muster.Upload, len(states))
	for i, u := range states {
		list[i] = &u.Upload
	}
	return list, err
}

// ContinueUpload stores the next piece of an upload, and returns the file once it is complete, nil before. offset is where the sender believes the piece
// begins, -1 if it does not say. A piece that exceeds the announced size is refused; of one that a broken connection ends early, what arrived is
// stored. Kinds: Invalid, Forbidden, NotFound, Conflict, TooLarge.
func (f *Files) ContinueUpload(ctx context.Context, who *core.Caller, id string, offset int64, body io.Reader) (*muster.FileInfo, error) {
	u, err := f.ownUpload(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := f.core.RequireChannel(ctx, who, u.ChannelID, muster.PermUploadFile); err != nil {
		return nil, err
	}
	if offset >= 0 && offset != u.FileOffset {
		return nil, muster.E(muster.Conflict, "app.upload.upload_data.offset.app_error")
	}
	if left := u.FileSize - u.FileOffset; left > 0 {
		if u, err = f.takePiece(ctx, u, body, left); err != nil {
			return nil, err
		}
	}
	if u.FileOffset < u.FileSize {
		return nil, nil
	}
	return f.finishUpload(ctx, who, u)
}

// piece reads a body up to a limit. A broken connection ends it as the body's end does, so that what arrived is stored.
type piece struct {
	body io.Reader
	left int64
	err  error // why it ended early
}

var errPieceTooLarge = errors.New("more bytes than announced")

func (p *piece) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if int64(n) > p.left {
		return 0, errPieceTooLarge
	}
	p.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err, err = err, io.EOF
	}
	return n, err
}

func (f *Files) takePiece(ctx context.Context, u *store.UploadState, body io.Reader, left int64) (*store.UploadState, error) {
	if len(u.Pieces) >= piecesMax {
		return nil, muster.E(muster.Invalid, "app.upload.upload_data.pieces.app_error")
	}
	key := "uploads/" + u.ID + "/" + muster.NewID()
	p := &piece{body: body, left: left}
	ctx = context.WithoutCancel(ctx) // the bytes of a sender that is gone are kept all the same
	size, err := f.blobs.Write(ctx, key, p)
	if errors.Is(err, errPieceTooLarge) {
		return nil, muster.E(muster.TooLarge, "app.upload.upload_data.too_large.app_error")
	}
	if err != nil {
		return nil, fmt.Errorf("keep a piece: %w", err)
	}
	if size == 0 {
		f.DropBlobs(ctx, key)
		return nil, muster.InvalidParam("body", p.err)
	}
	var next *store.UploadState
	err = f.store.WriteGrowing(ctx, func(tx *store.Tx) (err error) {
		next, err = tx.AddPiece(ctx, u, key, size)
		return err
	})
	if err != nil {
		f.DropBlobs(ctx, key)
	}
	if errors.Is(err, store.ErrConcurrent) {
		return nil, muster.E(muster.Conflict, sentMeanwhile)
	}
	return next, err
}

// finishUpload joins the pieces. The file is complete before the row that names it is committed; a crash between leaves an upload that can be
// finished again.
func (f *Files) finishUpload(ctx context.Context, who *core.Caller, u *store.UploadState) (*muster.FileInfo, error) {
	ctx = context.WithoutCancel(ctx)
	whole := &pieces{ctx: ctx, blobs: f.blobs, keys: u.Pieces}
	size, err := f.blobs.Write(ctx, fileKey(u.ID), whole)
	if err = errors.Join(err, whole.close()); err != nil {
		if _, gone := f.store.Upload(ctx, u.ID); errors.Is(gone, store.ErrNotFound) {
			return nil, muster.E(muster.Conflict, sentMeanwhile, err) // the pieces went with the upload
		}
		return nil, fmt.Errorf("put a file together: %w", err)
	}
	if size != u.FileSize {
		return nil, fmt.Errorf("put a file together: %d bytes of %d", size, u.FileSize)
	}
	info := u.File(f.core.Now())
	err = f.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteUpload(ctx, u.ID); err != nil {
			return err
		}
		if err := tx.InsertFile(ctx, info); err != nil {
			return err
		}
		return tx.Audit(ctx, f.core.AuditSelf(who, "upload_id="+u.ID))
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, muster.E(muster.Conflict, sentMeanwhile, err)
	}
	if err != nil {
		return nil, err
	}
	f.DropBlobs(ctx, u.Pieces...)
	return info, nil
}

func fileKey(id string) string { return "files/" + id }

// pieces reads blobs one after another.
type pieces struct {
	ctx   context.Context //nolint:containedctx // of the one use that the reader is made for
	blobs blob.Store
	keys  []string
	open  io.ReadCloser
}

func (p *pieces) Read(b []byte) (int, error) {
	for {
		if p.open == nil {
			if len(p.keys) == 0 {
				return 0, io.EOF
			}
			r, err := p.blobs.Open(p.ctx, p.keys[0])
			if err != nil {
				return 0, err
			}
			p.open, p.keys = r, p.keys[1:]
		}
		n, err := p.open.Read(b)
		if errors.Is(err, io.EOF) {
			err = p.close()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (p *pieces) close() error {
	if p.open == nil {
		return nil
	}
	err := p.open.Close()
	p.open = nil
	return err
}

// DropBlobs deletes blobs that no row names any more. A failure only costs space.
func (f *Files) DropBlobs(ctx context.Context, keys ...string) {
	for _, key := range keys {
		if err := f.blobs.Delete(ctx, key); err != nil {
			f.log.Warn("remove a file that nothing names any more", "key", key, "error", err)
		}
	}
}

// SweepUploads deletes uploads that were not finished in time.
func (f *Files) SweepUploads(ctx context.Context) error {
	stale, err := f.store.StaleUploads(ctx, f.core.Now()-uploadLife, uploadSweepBatch)
	if err != nil {
		return err
	}
	for _, u := range stale {
		err := f.store.Write(ctx, func(tx *store.Tx) error { return tx.DeleteUpload(ctx, u.ID) })
		if errors.Is(err, store.ErrNotFound) {
			continue // it was finished meanwhile
		}
		if err != nil {
			return err
		}
		f.DropBlobs(ctx, u.Pieces...)
	}
	return nil
}

// FileInfo returns what is known of a file of a channel that the caller may read. Kinds: Forbidden, NotFound.
func (f *Files) FileInfo(ctx context.Context, who *core.Caller, id string) (*muster.FileInfo, error) {
	info, err := f.store.File(ctx, id)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, noFile)
	}
	if info.UserID == who.ID() {
		return info, nil
	}
	return info, f.core.RequireChannel(ctx, who, info.ChannelID, muster.PermReadChannel)
}

// File is FileInfo with the bytes; the caller closes them.
func (f *Files) File(ctx context.Context, who *core.Caller, id string) (*muster.FileInfo, io.ReadCloser, error) {
	info, err := f.FileInfo(ctx, who, id)
	if err != nil {
		return nil, nil, err
	}
	r, err := f.blobs.Open(ctx, fileKey(id))
	if errors.Is(err, blob.ErrNotFound) {
		f.log.Warn("a file's bytes are gone", "file_id", id)
		err = muster.E(muster.NotFound, noFile, err)
	}
	return info, r, err
}

// BlobsOf returns the keys of an account's blobs, everybody's for "".
func (f *Files) BlobsOf(ctx context.Context, userID string) ([]string, error) {
	ids, err := f.store.FileIDsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	uploads, err := f.store.Uploads(ctx, userID)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, id := range ids {
		keys = append(keys, fileKey(id))
	}
	for _, u := range uploads {
		keys = append(keys, u.Pieces...)
	}
	return keys, nil
}
