package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"muster"
	"muster/internal/core"
	"muster/internal/diskspace"
	"muster/internal/files/avatar"
)

// pictureUploads are the accounts whose pictures are being uploaded, each of them once. The zero value is ready.
type pictureUploads struct{ accounts sync.Map }

// begin notes that an account's picture comes; end must follow unless it is refused. Kind Conflict while another one comes.
func (p *pictureUploads) begin(userID string) error {
	if _, comes := p.accounts.LoadOrStore(userID, struct{}{}); comes {
		return muster.E(muster.Conflict, "api.user.upload_profile_user.concurrent.app_error")
	}
	return nil
}

func (p *pictureUploads) end(userID string) { p.accounts.Delete(userID) }

// SetProfileImage takes a PNG, JPEG, GIF or WebP, cuts it square and keeps it. Nothing of it is read, which begins with open, before it is known that the
// caller may send it and no other picture of the account comes. Kinds: Invalid, TooLarge, StorageFull, open's and its reader's, and MaySetProfileImage's.
func (f *Files) SetProfileImage(ctx context.Context, who *core.Caller, userID string, open func() (io.Reader, error)) error {
	if err := f.RequireSetProfileImage(ctx, who, userID); err != nil {
		return err
	}
	png, err := f.receivePicture(ctx, userID, open)
	if err != nil {
		return err
	}
	at := f.core.Now()
	// The picture is on disk before the row that names it is committed, so a crash between leaves the old one.
	if err := f.blobs.Put(ctx, pictureKeyAt(userID, at), png); err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	before, err := f.savePicture(ctx, who, userID, at, at)
	if err != nil {
		return err
	}
	if before.LastPictureUpdate != at { // two pictures within one millisecond share a key
		f.DropPicture(ctx, before)
	}
	return nil
}

// receivePicture reads an upload and returns the profile picture made of it.
func (f *Files) receivePicture(ctx context.Context, userID string, open func() (io.Reader, error)) ([]byte, error) {
	if err := f.pictures.begin(userID); err != nil {
		return nil, err
	}
	defer f.pictures.end(userID)
	upload, err := open()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(f.tempDir, ".picture-*")
	if err != nil {
		return nil, pictureError(err)
	}
	defer func() { _ = file.Close() }() // it has no name any more, and nothing to lose
	if err := os.Remove(file.Name()); err != nil {
		return nil, err
	}
	c := f.core.Config().FileSettings
	limits := avatar.Limits{MaxBytes: c.MaxProfileImageSize, MaxPixels: c.MaxImageResolution}
	if err := copyPicture(file, upload, limits); err != nil {
		return nil, pictureError(err)
	}
	png, err := avatar.Prepare(ctx, file, limits)
	return png, pictureError(err)
}

// copyPicture copies an upload to a file and goes back to the file's beginning. A slow client takes its time on disk, not in memory and not in the
// decoder's one place. What is refused by its first bytes is not read any further.
func copyPicture(file io.ReadWriteSeeker, upload io.Reader, l avatar.Limits) error {
	rest := io.LimitReader(io.TeeReader(upload, file), l.MaxBytes+1)
	if err := avatar.CheckHeader(rest, l); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return err
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// pictureError is the protocol's error for a picture that can't be taken.
func pictureError(err error) error {
	switch {
	case errors.Is(err, avatar.ErrTooLarge):
		return muster.E(muster.TooLarge, "api.user.upload_profile_user.too_large.app_error", err)
	case errors.Is(err, avatar.ErrPixels), errors.Is(err, avatar.ErrFormat):
		return muster.E(muster.Invalid, "api.user.upload_profile_user.check_image_limits.app_error", err)
	case diskspace.Full(err):
		return muster.E(muster.StorageFull, "api.context.storage_full.app_error", err)
	}
	return err
}
