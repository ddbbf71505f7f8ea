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
	formMax           = 64 << 10       // bytes of a form of who is signed in, without a file
	partsMax          = 100            // fields of a form that has a file
	csrfField         = "csrf"         // field of the form key
	csrfCookie        = "MUSTERFORM"   // cookie of the form key of who is not signed in
	fieldNameMax      = 64             // characters of a field's name that is worth repeating
	multipartOverhead = int64(1 << 20) // what a multipart form may add to its file, in bytes
	urlForm           = "application/x-www-form-urlencoded"
)

var (
	errStaleForm    = muster.E(muster.Forbidden, "web.form.stale.app_error")
	errFormTooLarge = muster.E(muster.TooLarge, "api.context.request_body_too_large.app_error")
)

// checkOrigin refuses a form that a browser says another site sent.
func (req *pageRequest) checkOrigin() error {
	if err := req.limiter.CheckOrigin(req.r); err != nil {
		return muster.E(muster.Forbidden, "web.form.foreign.app_error", err)
	}
	return nil
}

// key is what every form of this visitor repeats, so that no other site can make one: the session's, or else a cookie's. "" when there is none yet.
func (req *pageRequest) csrfToken() string {
	if req.signedIn() {
		return req.who.Session.CSRF()
	}
	if ck, err := req.r.Cookie(csrfCookie); err == nil && muster.ValidID(ck.Value) {
		return ck.Value
	}
	return ""
}

// newKey is key, made now where there is none. The cookie is Lax and not Strict: a mailed link opens without Strict cookies, and a key made anew for it
// would put the forms out of date that are open in other tabs. Neither is sent along with a form of another site.
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

// readForm reads what was posted and makes sure that a page of ours sent it. Kinds: TooLarge, Invalid, Forbidden.
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

// pictureMax is how many bytes a form with a picture may have.
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

// readUpload reads the fields that come before the file, and leaves the file to be read by who may take it.
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

// unreadable is the error for a form that is none, unless its body could not be read at all.
func unreadable(cause error) error {
	if e, known := errors.AsType[*muster.Error](cause); known {
		return e
	}
	return muster.E(muster.Invalid, "web.form.unreadable.app_error", cause)
}

// checkText refuses values that are no text; kind Invalid, by name.
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
