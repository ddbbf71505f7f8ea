package files

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/core"
	"muster/internal/files/avatar"
	"muster/internal/files/blob"
	"muster/internal/store"
)

// Picture is a profile picture, always PNG. ETag is "" while the account never had a picture of its own.
type Picture struct {
	PNG   []byte
	ETag  string
	Drawn bool // from the initials
}

// ProfileImage returns an account's picture, drawn from its initials when it has none. Kinds: Forbidden, NotFound.
func (f *Files) ProfileImage(ctx context.Context, who *core.Caller, userID string) (*Picture, error) {
	u, err := f.pictured(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	p := &Picture{}
	if u.LastPictureUpdate != 0 {
		p.ETag = fmt.Sprintf(`"%d"`, u.LastPictureUpdate)
	}
	if u.LastPictureUpdate > 0 {
		p.PNG, err = f.blobs.Get(ctx, pictureKey(u))
		if err == nil || !errors.Is(err, blob.ErrNotFound) {
			return p, err
		}
		f.log.Warn("profile picture is gone; drawing one", "user_id", u.ID)
		p.ETag = ""
	}
	p.Drawn = u.LastPictureUpdate == 0
	p.PNG, err = avatar.DrawInitial(u.Username, u.ID)
	return p, err
}

// DefaultProfileImage draws an account's picture from its initials. Kinds: Forbidden, NotFound.
func (f *Files) DefaultProfileImage(ctx context.Context, who *core.Caller, userID string) (*Picture, error) {
	u, err := f.pictured(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	png, err := avatar.DrawInitial(u.Username, u.ID)
	return &Picture{PNG: png, Drawn: true}, err
}

func (f *Files) pictured(ctx context.Context, who *core.Caller, userID string) (*muster.User, error) {
	if err := f.core.RequireView(ctx, who, userID); err != nil {
		return nil, err
	}
	return f.core.User(ctx, userID)
}

// RequireSetProfileImage answers before the picture is read: kinds Forbidden, Invalid, Conflict.
func (f *Files) RequireSetProfileImage(ctx context.Context, who *core.Caller, userID string) error {
	if err := f.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	u, err := f.core.User(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return muster.InvalidURLParam("user_id")
	}
	if err != nil {
		return err
	}
	if u.IsSSO() && u.AuthService == "ldap" && f.core.Config().LdapSettings.PictureAttribute != "" {
		return muster.E(muster.Conflict, "api.user.upload_profile_user.login_provider_attribute_set.app_error")
	}
	return nil
}

// SetDefaultProfileImage replaces an account's picture with the drawn one. Kinds: Forbidden, NotFound.
func (f *Files) SetDefaultProfileImage(ctx context.Context, who *core.Caller, userID string) error {
	if err := f.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	at := f.core.Now()
	before, err := f.savePicture(ctx, who, userID, -at, at)
	if err != nil {
		return err
	}
	f.DropPicture(ctx, before)
	return nil
}

// savePicture notes which picture an account has: the time (Unix ms) that its key is made of, negative for the drawn one. It returns the account as it was.
func (f *Files) savePicture(ctx context.Context, who *core.Caller, userID string, picture, at int64) (before *muster.User, err error) {
	may, err := f.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	before, _, err = f.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		u.LastPictureUpdate, u.UpdateAt = picture, at
		return tx.Audit(ctx, f.core.AuditSelf(who, "user_id="+userID))
	})
	return before, err
}

// DropPicture deletes a picture that no row names any more. A failure only costs space.
func (f *Files) DropPicture(ctx context.Context, u *muster.User) {
	if u.LastPictureUpdate <= 0 {
		return
	}
	if err := f.blobs.Delete(ctx, pictureKey(u)); err != nil {
		f.log.Warn("remove old profile picture", "user_id", u.ID, "error", err)
	}
}

func pictureKey(u *muster.User) string { return pictureKeyAt(u.ID, u.LastPictureUpdate) }

func pictureKeyAt(userID string, at int64) string {
	return fmt.Sprintf("users/%s/profile-%d.png", userID, at)
}
