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
	errNoPicture       = muster.E(muster.Invalid, "api.user.upload_profile_user.no_file.app_error", "Reason", "Choose a picture first.")
	errPictureTooLarge = muster.E(muster.TooLarge, "api.user.upload_profile_user.too_large.app_error")
)

// profileData is what the profile page shows besides the fields of its forms.
type profileData struct {
	Picture        string // its URL
	OwnPicture     bool   // uploaded by the user, so it can be removed
	PictureFromSSO bool   // the sign-in service sets it
	PictureMax     int64  // bytes
	PictureSize    string // the same, for people
	SSO            bool   // the sign-in service sets names and email address
	EmailHint      string // what happens with a new address
}

func showProfile(req *pageRequest) error { return req.showProfile("", nil) }

func (req *pageRequest) showProfile(notice string, formErr error) error {
	u, c := req.who.User, req.config()
	picture := req.services.Files.RequireSetProfileImage(req.ctx(), req.who, u.ID)
	if picture != nil && !muster.IsKind(picture, muster.Conflict) {
		return picture
	}
	hint := ""
	if c.EmailSettings.RequireEmailVerification {
		hint = "We'll email you a link. Your address changes once you open it and confirm."
	}
	return req.show(page{
		name: "account", heading: "Profile", flash: notice, err: formErr,
		values: map[string]string{"username": u.Username, "first_name": u.FirstName, "last_name": u.LastName, "nickname": u.Nickname, "position": u.Position},
		data: profileData{
			Picture:    req.base + "/account/picture?" + url.Values{"of": {strconv.FormatInt(u.LastPictureUpdate, 10)}}.Encode(),
			OwnPicture: u.LastPictureUpdate > 0, PictureFromSSO: picture != nil,
			PictureMax: c.FileSettings.MaxProfileImageSize, PictureSize: formatSize(c.FileSettings.MaxProfileImageSize),
			SSO: u.IsSSO(), EmailHint: hint,
		},
	})
}

// formatSize formats a number of bytes for people.
func formatSize(n int64) string {
	const kib, mib = 1 << 10, 1 << 20
	switch {
	case n >= mib:
		return fmt.Sprintf("%d MB", n/mib)
	case n >= kib:
		return fmt.Sprintf("%d KB", n/kib)
	}
	return fmt.Sprintf("%d bytes", n)
}

func saveProfile(req *pageRequest) error {
	p := &muster.UserPatch{
		Username: req.formField("username"), FirstName: req.formField("first_name"), LastName: req.formField("last_name"),
		Nickname: req.formField("nickname"), Position: req.formField("position"),
	}
	if _, err := req.services.Accounts.PatchUser(req.ctx(), req.who, req.who.ID(), p); err != nil {
		return req.showProfile("", err)
	}
	return req.redirectWithFlash(accountPage, "profile-saved")
}

func servePicture(req *pageRequest) error {
	p, err := req.services.Files.ProfileImage(req.ctx(), req.who, req.who.ID())
	if err != nil {
		return err
	}
	req.send(http.StatusOK, "image/png", p.PNG)
	return nil
}

func uploadPicture(req *pageRequest) error {
	if req.file == nil {
		return req.showProfile("", errNoPicture)
	}
	if err := req.limiter.BeginPicture(req.who); err != nil {
		return err
	}
	defer req.limiter.EndPicture(req.who)
	err := req.services.Files.SetProfileImage(req.ctx(), req.who, req.who.ID(), func() (io.Reader, error) {
		if req.r.ContentLength > req.pictureMax() {
			return nil, errPictureTooLarge
		}
		file := bufio.NewReader(req.file)
		if _, err := file.Peek(1); errors.Is(err, io.EOF) { // browsers send an empty file if none was chosen
			return nil, errNoPicture
		}
		return file, nil
	})
	if err != nil {
		if req.ctx().Err() != nil {
			return err // the client has gone
		}
		req.limiter.AbandonBody(req.w, req.r, muster.AsError(err))
		return req.showProfile("", err)
	}
	return req.redirectWithFlash(accountPage, "picture-uploaded")
}

func removePicture(req *pageRequest) error {
	if err := req.services.Files.SetDefaultProfileImage(req.ctx(), req.who, req.who.ID()); err != nil {
		return req.showProfile("", err)
	}
	return req.redirectWithFlash(accountPage, "picture-removed")
}

var errSameEmail = muster.E(muster.Invalid, "model.user.is_valid.email.app_error", "Reason", "That's already your email address. Enter a different one.").On("email")

// changeEmail changes the address at once or, where addresses must be confirmed, asks the new address for confirmation.
func changeEmail(req *pageRequest) error {
	wanted := muster.NormalizeName(req.form.Get("email"))
	if wanted == req.who.User.Email {
		return req.showProfile("", errSameEmail)
	}
	if req.services.Auth.ProofNeeded(req.who).Code { // otherwise the password, which PatchUser checks anyway, is enough
		if err := req.requireReauth(); err != nil {
			return req.showProfile("", err)
		}
	}
	u, err := req.services.Accounts.PatchUser(req.ctx(), req.who, req.who.ID(), &muster.UserPatch{Email: &wanted, Password: req.formField("password")})
	if err != nil {
		return req.showProfile("", err)
	}
	if u.Email == wanted {
		return req.redirectWithFlash(accountPage, "email-changed")
	}
	return req.showProfile("We sent an email to "+wanted+". Your address changes once you open the link in it and confirm.", nil)
}

func sendConfirmation(req *pageRequest) error {
	if err := req.services.Accounts.SendVerification(req.ctx(), req.who, req.who.User.Email); err != nil {
		return req.showProfile("", err)
	}
	return req.redirectWithFlash(accountPage, "confirmation-sent")
}
