package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"muster"
	"muster/internal/avatar"
	"muster/internal/blob"
	"muster/internal/store"
)

// Picture is a profile picture, always PNG. ETag is "" while the account never had a picture of its own.
type Picture struct {
	PNG   []byte
	ETag  string
	Drawn bool // from the initials
}

const (
	picturesMax     = 4 // uploads at the same time: each may hold a whole picture
	picturesBusyFor = 5 * time.Second
)

// pictureSlots are the places for uploads of pictures, one for each account. The zero value is ready.
type pictureSlots struct {
	mu    sync.Mutex
	taken map[string]struct{} // by account
}

// take takes a place for an account's picture. Kinds: Conflict while another of the account's is under way, Unavailable while all places are taken.
func (s *pictureSlots) take(userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.taken[userID]; taken {
		return muster.E(muster.Conflict, "api.user.upload_profile_user.concurrent.app_error")
	}
	if len(s.taken) >= picturesMax {
		return muster.E(muster.Unavailable, "api.context.server_busy.app_error").After(picturesBusyFor)
	}
	if s.taken == nil {
		s.taken = map[string]struct{}{}
	}
	s.taken[userID] = struct{}{}
	return nil
}

func (s *pictureSlots) give(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, userID)
}

// ProfileImage gives an account's picture, drawn from its initials when it has none. Kinds: Forbidden, NotFound.
func (a *App) ProfileImage(ctx context.Context, who *Caller, userID string) (*Picture, error) {
	u, err := a.pictured(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	p := &Picture{}
	if u.LastPictureUpdate != 0 {
		p.ETag = fmt.Sprintf(`"%d"`, u.LastPictureUpdate)
	}
	if u.LastPictureUpdate > 0 {
		p.PNG, err = a.blobs.Get(ctx, pictureKey(u))
		if err == nil || !errors.Is(err, blob.ErrNotFound) {
			return p, err
		}
		a.log.Warn("profile picture is gone; drawing one", "user_id", u.ID)
		p.ETag = ""
	}
	p.Drawn = u.LastPictureUpdate == 0
	p.PNG, err = avatar.Draw(u.Username, u.ID)
	return p, err
}

// DefaultProfileImage draws an account's picture from its initials. Kinds: Forbidden, NotFound.
func (a *App) DefaultProfileImage(ctx context.Context, who *Caller, userID string) (*Picture, error) {
	u, err := a.pictured(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	png, err := avatar.Draw(u.Username, u.ID)
	return &Picture{PNG: png, Drawn: true}, err
}

func (a *App) pictured(ctx context.Context, who *Caller, userID string) (*muster.User, error) {
	if err := a.mayView(ctx, who, userID); err != nil {
		return nil, err
	}
	return a.user(ctx, userID)
}

// MaySetProfileImage answers before the picture is read: kinds Forbidden, Invalid, Conflict.
func (a *App) MaySetProfileImage(ctx context.Context, who *Caller, userID string) error {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return err
	}
	u, err := a.user(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return muster.InvalidURLParam("user_id")
	}
	if err != nil {
		return err
	}
	if u.IsSSO() && u.AuthService == "ldap" && a.Config().LdapSettings.PictureAttribute != "" {
		return muster.E(muster.Conflict, "api.user.upload_profile_user.login_provider_attribute_set.app_error")
	}
	return nil
}

// SetProfileImage takes a PNG, JPEG, GIF or WebP, cuts it square and keeps it. Nothing of it is read, which begins with open, before it is known that the
// caller may send it and there is a place for it. Kinds: Invalid, TooLarge, Unavailable, open's and MaySetProfileImage's.
func (a *App) SetProfileImage(ctx context.Context, who *Caller, userID string, open func() (io.Reader, error)) error {
	if err := a.MaySetProfileImage(ctx, who, userID); err != nil {
		return err
	}
	png, err := a.preparePicture(ctx, userID, open)
	if err != nil {
		return err
	}
	at := a.now()
	// The picture is on disk before the row that names it is committed, so a crash between leaves the old one.
	if err := a.blobs.Put(ctx, pictureKeyAt(userID, at), png); err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	before, _, err := a.changeUserBy(ctx, who, userID, pictureUpdate(at, at), a.auditSelf(who, "user_id="+userID))
	if err != nil {
		return err
	}
	if before.LastPictureUpdate != at { // two pictures within one millisecond share a key
		a.dropPicture(ctx, before)
	}
	return nil
}

func (a *App) preparePicture(ctx context.Context, userID string, open func() (io.Reader, error)) ([]byte, error) {
	if err := a.pictures.take(userID); err != nil {
		return nil, err
	}
	defer a.pictures.give(userID)
	image, err := open()
	if err != nil {
		return nil, err
	}
	c := a.Config().FileSettings
	png, err := avatar.Prepare(ctx, image, avatar.Limits{MaxBytes: c.MaxProfileImageSize, MaxPixels: c.MaxImageResolution})
	switch {
	case errors.Is(err, avatar.ErrTooLarge):
		return nil, muster.E(muster.TooLarge, "api.user.upload_profile_user.too_large.app_error", err)
	case errors.Is(err, avatar.ErrPixels), errors.Is(err, avatar.ErrFormat):
		return nil, muster.E(muster.Invalid, "api.user.upload_profile_user.check_image_limits.app_error", err)
	}
	return png, err
}

// SetDefaultProfileImage goes back to the drawn picture. Kinds: Forbidden, NotFound.
func (a *App) SetDefaultProfileImage(ctx context.Context, who *Caller, userID string) error {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return err
	}
	at := a.now()
	before, _, err := a.changeUserBy(ctx, who, userID, pictureUpdate(-at, at), a.auditSelf(who, "user_id="+userID))
	if err != nil {
		return err
	}
	a.dropPicture(ctx, before)
	return nil
}

func pictureUpdate(picture, at int64) store.UserUpdate {
	return store.UserUpdate{Apply: func(u *muster.User) error {
		u.LastPictureUpdate, u.UpdateAt = picture, at
		return nil
	}}
}

// dropPicture removes a picture that no row names any more; what fails here only costs disk space.
func (a *App) dropPicture(ctx context.Context, u *muster.User) {
	if u.LastPictureUpdate <= 0 {
		return
	}
	if err := a.blobs.Delete(ctx, pictureKey(u)); err != nil {
		a.log.Warn("remove old profile picture", "user_id", u.ID, "error", err)
	}
}

func pictureKey(u *muster.User) string { return pictureKeyAt(u.ID, u.LastPictureUpdate) }

func pictureKeyAt(userID string, at int64) string {
	return fmt.Sprintf("users/%s/profile-%d.png", userID, at)
}
