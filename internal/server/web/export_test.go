package web

import (
	"fmt"
	"io"
	"net/http"
)

// ReturnTo is returnTo.
var LocalURL = localURL

// FormMax is how many bytes a form may have.
const FormMax = formMax

// PanicPage is a page that panics once it is asked for, for the test of what becomes of that.
func (h *Handler) PanicPage(path string, value any) {
	h.routes[path] = &route{path: path, get: func(*pageRequest) error { panic(value) }}
}

// UploadPage is a page with a form that has a file: it answers with the field x and the size of the file.
func (h *Handler) UploadPage(path, field string) {
	h.routes[path] = &route{path: path, file: field, post: func(req *pageRequest) error {
		size := "none"
		if req.file != nil {
			n, err := io.Copy(io.Discard, req.file)
			if err != nil {
				return err
			}
			size = fmt.Sprint(n)
		}
		req.send(http.StatusOK, "text/plain", []byte(req.form.Get("x")+" "+size))
		return nil
	}}
}
