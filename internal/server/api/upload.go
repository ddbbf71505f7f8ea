package api

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"muster"
)

var uploadRoutes = []route{
	{method: "POST", path: "/uploads", handle: createUpload, ownAccount: true},
	{method: "GET", path: "/uploads/{upload_id}", handle: getUpload, ownAccount: true},
	{method: "POST", path: "/uploads/{upload_id}", handle: uploadData, body: file, ownAccount: true},
	{method: "GET", path: "/users/{user_id}/uploads", handle: getUploadsForUser},
	{method: "GET", path: "/files/{file_id}", handle: getFile},
	{method: "GET", path: "/files/{file_id}/info", handle: getFileInfo},
}

func createUpload(c *call) (any, error) {
	var u muster.Upload
	if err := c.decode(&u, muster.InvalidParam("upload")); err != nil {
		return nil, err
	}
	created, err := c.services.Files.CreateUpload(c.ctx(), c.who, &u)
	return reply{status: http.StatusCreated, body: created}, err
}

// withUpload calls use with the upload id of the path.
func withUpload[T any](c *call, use func(id string) (T, error)) (any, error) {
	id, err := c.idParam("upload_id")
	if err != nil {
		return nil, err
	}
	return use(id)
}

func getUpload(c *call) (any, error) {
	return withUpload(c, func(id string) (*muster.Upload, error) { return c.services.Files.Upload(c.ctx(), c.who, id) })
}

// uploadOffset is the header with the offset in bytes at which the client continues.
const uploadOffset = "Upload-Offset"

// uploadData accepts the raw bytes, or a form with the file, and returns the file once it is complete.
func uploadData(c *call) (any, error) {
	return withUpload(c, func(id string) (any, error) {
		offset := int64(-1)
		if h := c.r.Header.Get(uploadOffset); h != "" {
			var err error
			if offset, err = strconv.ParseInt(h, 10, 64); err != nil || offset < 0 {
				return nil, muster.InvalidParam(uploadOffset, err)
			}
		}
		body, err := c.uploadBody()
		if err != nil {
			return nil, err
		}
		f, err := c.services.Files.ContinueUpload(c.ctx(), c.who, id, offset, body)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return reply{status: http.StatusNoContent}, nil
		}
		return f, nil
	})
}

func (c *call) uploadBody() (io.Reader, error) {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/form-data") {
		return c.formFile("data")
	}
	return c.r.Body, nil
}

func getUploadsForUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Files.UploadsOf(c.ctx(), c.who, id)
}

func getFileInfo(c *call) (any, error) {
	id, err := c.idParam("file_id")
	if err != nil {
		return nil, err
	}
	return c.services.Files.FileInfo(c.ctx(), c.who, id)
}

func getFile(c *call) (any, error) {
	id, err := c.idParam("file_id")
	if err != nil {
		return nil, err
	}
	info, bytes, err := c.services.Files.File(c.ctx(), c.who, id)
	if err != nil {
		return nil, err
	}
	return download{info, bytes}, nil
}
