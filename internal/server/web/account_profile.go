package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"muster"
)

var (
	errNoPicture       = muster.E(muster.Invalid, "api.user.upload_profile_user.no_file.app_error", "Reason", "Choose a picture first, then upload it.")
	errPictureTooLarge = muster.E(muster.TooLarge, "api.user.upload_profile_user.too_large.app_error")
)

// profile is what the page shows besides the fields of its forms.
type profile struct {
	Picture        string // its address
	OwnPicture     bool   // it was uploaded, so it can be removed
	PictureManaged bool   // the sign-in service sets it
	PictureMax     int64  // bytes
	PictureSize    string // the same in words
	Managed        bool   // the sign-in service sets names and address
	EmailHint      string // what becomes of a new address
}

func showProfile(v *visit) error { return v.showProfile("", nil) }

func (v *visit) showProfile(notice string, refused error) error {
	u, c := v.who.User, v.config()
	picture := v.app.MaySetProfileImage(v.ctx(), v.who, u.ID)
	if picture != nil && !muster.IsKind(picture, muster.Conflict) {
		return picture
	}
	hint := ""
	if c.EmailSettings.RequireEmailVerification {
		hint = "We send a mail to it. The new address takes effect once you confirm it by the link in that mail."
	}
	return v.show(page{
		name: "account", heading: "Profile", notice: notice, err: refused,
		values: map[string]string{"username": u.Username, "first_name": u.FirstName, "last_name": u.LastName, "nickname": u.Nickname, "position": u.Position},
		data: profile{
			Picture:    v.base + "/account/picture?" + url.Values{"of": {strconv.FormatInt(u.LastPictureUpdate, 10)}}.Encode(),
			OwnPicture: u.LastPictureUpdate > 0, PictureManaged: picture != nil,
			PictureMax: c.FileSettings.MaxProfileImageSize, PictureSize: size(c.FileSettings.MaxProfileImageSize),
			Managed: u.IsSSO(), EmailHint: hint,
		},
	})
}

// size writes a number of bytes for people.
func size(n int64) string {
	const kib, mib = 1 << 10, 1 << 20
	switch {
	case n >= mib:
		return fmt.Sprintf("%d MB", n/mib)
	case n >= kib:
		return fmt.Sprintf("%d KB", n/kib)
	}
	return fmt.Sprintf("%d bytes", n)
}

func saveProfile(v *visit) error {
	p := &muster.UserPatch{
		Username: v.posted("username"), FirstName: v.posted("first_name"), LastName: v.posted("last_name"),
		Nickname: v.posted("nickname"), Position: v.posted("position"),
	}
	if _, err := v.app.PatchUser(v.ctx(), v.who, v.who.ID(), p); err != nil {
		return v.showProfile("", err)
	}
	return v.done(accountPage, "profile-saved")
}

func servePicture(v *visit) error {
	p, err := v.app.ProfileImage(v.ctx(), v.who, v.who.ID())
	if err != nil {
		return err
	}
	v.send(http.StatusOK, "image/png", p.PNG)
	return nil
}

func uploadPicture(v *visit) error {
	if v.file == nil {
		return v.showProfile("", errNoPicture)
	}
	if err := v.limiter.BeginPicture(v.who); err != nil {
		return err
	}
	defer v.limiter.EndPicture(v.who)
	err := v.app.SetProfileImage(v.ctx(), v.who, v.who.ID(), func() (io.Reader, error) {
		if v.r.ContentLength > v.pictureMax() {
			return nil, errPictureTooLarge
		}
		file := bufio.NewReader(v.file)
		if _, err := file.Peek(1); errors.Is(err, io.EOF) { // so browsers send a field that no file was chosen for
			return nil, errNoPicture
		}
		return file, nil
	})
	if err != nil {
		if v.ctx().Err() != nil {
			return err // nobody waits for the form
		}
		v.limiter.LeaveBody(v.w, v.r, muster.AsError(err))
		return v.showProfile("", err)
	}
	return v.done(accountPage, "picture-uploaded")
}

func removePicture(v *visit) error {
	if err := v.app.SetDefaultProfileImage(v.ctx(), v.who, v.who.ID()); err != nil {
		return v.showProfile("", err)
	}
	return v.done(accountPage, "picture-removed")
}

var errSameEmail = muster.E(muster.Invalid, "model.user.is_valid.email.app_error", "Reason", "This is your email address already. Enter another one.")

// changeEmail changes the address at once or, where addresses must be confirmed, once the mail to the new one was answered.
func changeEmail(v *visit) error {
	wanted := muster.FoldName(v.form.Get("email"))
	if wanted == v.who.User.Email {
		return v.showProfile("", errSameEmail)
	}
	if v.app.ProofNeeded(v.who).Code { // else the password, which the change takes in any case, is all
		if err := v.confirm(); err != nil {
			return v.showProfile("", err)
		}
	}
	u, err := v.app.PatchUser(v.ctx(), v.who, v.who.ID(), &muster.UserPatch{Email: &wanted, Password: v.posted("password")})
	if err != nil {
		return v.showProfile("", err)
	}
	if u.Email == wanted {
		return v.done(accountPage, "email-changed")
	}
	return v.showProfile("We sent a mail to "+wanted+". The new address takes effect once you confirm it by the link in that mail.", nil)
}

func sendConfirmation(v *visit) error {
	if err := v.app.SendVerification(v.ctx(), v.who, v.who.User.Email); err != nil {
		return v.showProfile("", err)
	}
	return v.done(accountPage, "confirmation-sent")
}
