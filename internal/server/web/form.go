package web

import (
	"crypto/subtle"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"

	"muster"
	"muster/internal/server/httpx"
)

const (
	formMax           = 64 << 10       // bytes of a signed-in user's form, without a file
	partsMax          = 100            // fields of a form with a file
	csrfField         = "csrf"         // field with the CSRF token
	csrfCookie        = "MUSTERFORM"   // cookie with the CSRF token before login
	fieldNameMax      = 64             // longest field name, in characters, to repeat in an error
	multipartOverhead = int64(1 << 20) // bytes that a multipart form may have besides its file
	urlForm           = "application/x-www-form-urlencoded"
)

var (
	errStaleForm    = muster.E(muster.Forbidden, "web.form.stale.app_error")
	errFormTooLarge = muster.E(muster.TooLarge, "api.context.request_body_too_large.app_error")
)

// checkOrigin refuses a form that, according to the browser, another site sent.
func (req *pageRequest) checkOrigin() error {
	if err := req.limiter.CheckOrigin(req.r); err != nil {
		return muster.E(muster.Forbidden, "web.form.foreign.app_error", err)
	}
	return nil
}

// csrfToken returns the token that every form must repeat, so that no other site can forge one: the session's or, before
// login, the cookie's. It returns "" if there is none yet.
func (req *pageRequest) csrfToken() string {
	if req.signedIn() {
		return req.who.Session.CSRF()
	}
	if ck, err := req.r.Cookie(csrfCookie); err == nil && muster.ValidID(ck.Value) {
		return ck.Value
	}
	return ""
}

// ensureCSRFToken returns the CSRF token and generates one if there is none. Its cookie is Lax rather than Strict: a mailed
// link opens without Strict cookies, and a new token would invalidate the forms open in other tabs. Browsers send neither
// kind with a form from another site.
func (req *pageRequest) ensureCSRFToken() string {
	if req.csrf == "" {
		req.csrf = req.csrfToken()
	}
	if req.csrf == "" {
		req.csrf = muster.NewID()
		req.cookies.SetTemporary(req.w, csrfCookie, req.csrf)
	}
	return req.csrf
}

// readForm parses the submitted form and checks its CSRF token. Kinds: TooLarge, Invalid, Forbidden.
func (req *pageRequest) readForm() error {
	switch {
	case req.route.file != "":
		httpx.LimitUpload(req.r, req.pictureMax())
	case req.signedIn():
		httpx.LimitBody(req.r, formMax)
	default:
		httpx.LimitBody(req.r, httpx.SmallBody)
	}
	read := req.readFields
	if req.route.file != "" {
		read = req.readUpload
	}
	if err := read(); err != nil {
		return err
	}
	if err := checkText(req.form); err != nil {
		return err
	}
	key := req.csrfToken()
	if key == "" || subtle.ConstantTimeCompare([]byte(key), []byte(req.form.Get(csrfField))) != 1 {
		return errStaleForm
	}
	return nil
}

// pictureMax returns how many bytes a form with a picture may have.
func (req *pageRequest) pictureMax() int64 {
	return req.config().FileSettings.MaxProfileImageSize + multipartOverhead
}

func (req *pageRequest) readFields() error {
	if err := req.r.ParseForm(); err != nil {
		return unreadable(err)
	}
	req.form = req.r.PostForm
	return nil
}

// readUpload parses the fields before the file and leaves the file unread, for a handler that has checked permissions.
func (req *pageRequest) readUpload() error {
	req.form = url.Values{}
	parts, err := req.r.MultipartReader()
	if err != nil {
		return unreadable(err)
	}
	left := int64(formMax)
	for range partsMax {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		if part.FormName() == req.route.file {
			req.file = httpx.PartReader(part)
			return nil
		}
		if left, err = req.readPart(part, left); err != nil {
			return err
		}
	}
	return unreadable(errors.New("too many fields"))
}

func (req *pageRequest) readPart(part *multipart.Part, left int64) (int64, error) {
	text, err := io.ReadAll(io.LimitReader(part, left+1))
	if err != nil {
		return 0, unreadable(err)
	}
	if int64(len(text)) > left {
		return 0, errFormTooLarge
	}
	req.form.Add(part.FormName(), string(text))
	return left - int64(len(text)), nil
}

// unreadable returns the error for a malformed form, or cause itself if it is an error of reading the body.
func unreadable(cause error) error {
	if e, known := errors.AsType[*muster.Error](cause); known {
		return e
	}
	return muster.E(muster.Invalid, "web.form.unreadable.app_error", cause)
}

// checkText refuses values that aren't valid text; kind Invalid, with the field's name.
func checkText(values url.Values) error {
	for name, list := range values {
		for _, text := range list {
			if utf8.ValidString(text) && !strings.ContainsRune(text, 0) {
				continue
			}
			if !muster.ValidText(name, fieldNameMax) {
				name = "text"
			}
			return muster.InvalidURLParam(name)
		}
	}
	return nil
}
