package web

import (
	"fmt"
	"io"
	"net/http"
)

// ReturnTo is returnTo.
var ReturnTo = returnTo

// FormMax is how many bytes a form may have.
const FormMax = formMax

// PanicPage is a page that panics once it is asked for, for the test of what becomes of that.
func (h *Handler) PanicPage(path string, value any) {
	h.routes[path] = &route{path: path, get: func(*visit) error { panic(value) }}
}

// UploadPage is a page with a form that has a file: it answers with the field x and the size of the file.
func (h *Handler) UploadPage(path, field string) {
	h.routes[path] = &route{path: path, file: field, post: func(v *visit) error {
		size := "none"
		if v.file != nil {
			n, err := io.Copy(io.Discard, v.file)
			if err != nil {
				return err
			}
			size = fmt.Sprint(n)
		}
		v.send(http.StatusOK, "text/plain", []byte(v.form.Get("x")+" "+size))
		return nil
	}}
}
