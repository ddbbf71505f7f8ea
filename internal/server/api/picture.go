package api

import (
	"errors"
	"io"
	"mime/multipart"

	"muster"
	"muster/internal/server/httpx"
)

// max-age of pictures, in seconds, as recorded from the reference server.
const (
	pictureMaxAge          = 24 * 60 * 60
	generatedPictureMaxAge = 5 * 60
)

func getProfileImage(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	p, err := c.services.Files.ProfileImage(c.ctx(), c.who, id)
	if err != nil {
		return nil, err
	}
	if p.Drawn {
		return image{png: p.PNG, etag: p.ETag, maxAge: generatedPictureMaxAge}, nil
	}
	return image{png: p.PNG, etag: p.ETag, maxAge: pictureMaxAge}, nil
}

func getDefaultProfileImage(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	p, err := c.services.Files.DefaultProfileImage(c.ctx(), c.who, id)
	if err != nil {
		return nil, err
	}
	return image{png: p.PNG, maxAge: pictureMaxAge}, nil
}

func setProfileImage(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	if err := c.limiter.BeginPicture(c.who); err != nil {
		return nil, err
	}
	defer c.limiter.EndPicture(c.who)
	return ok, c.services.Files.SetProfileImage(c.ctx(), c.who, id, func() (io.Reader, error) {
		if c.r.ContentLength > c.pictureMax() {
			return nil, errPictureTooLarge
		}
		return c.formFile("image")
	})
}

var errPictureTooLarge = muster.E(muster.TooLarge, "api.user.upload_profile_user.too_large.app_error")

// formFile returns the file in a field of a multipart form. It reads the body only up to the file.
func (c *call) formFile(field string) (io.Reader, error) {
	form, err := c.r.MultipartReader()
	if err != nil {
		return nil, formError(err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, muster.E(muster.Invalid, "api.user.upload_profile_user.no_file.app_error")
		}
		if err != nil {
			return nil, formError(err)
		}
		if isFile(part, field) {
			return httpx.PartReader(part), nil
		}
	}
}

// formError returns cause if it is an Error from reading the body, and otherwise the error for an invalid form.
func formError(cause error) error {
	if e, known := errors.AsType[*muster.Error](cause); known {
		return e
	}
	return muster.E(muster.Invalid, "api.user.upload_profile_user.parse.app_error", cause)
}

func isFile(p *multipart.Part, field string) bool { return p.FormName() == field && p.FileName() != "" }

func setDefaultProfileImage(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Files.SetDefaultProfileImage(c.ctx(), c.who, id)
}
