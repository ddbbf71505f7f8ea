package muster

import (
	"mime"
	"path"
	"strings"
)

// UploadAttachment is the only type of upload.
const UploadAttachment = "attachment"

const fileNameMaxRunes = 256

// Upload is an upload session: a file that is sent in one or more parts. CreateAt is in Unix milliseconds, sizes are in bytes.
type Upload struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	CreateAt   int64  `json:"create_at"`
	UserID     string `json:"user_id"`
	ChannelID  string `json:"channel_id,omitempty"`
	Filename   string `json:"filename"`
	FileSize   int64  `json:"file_size"`
	FileOffset int64  `json:"file_offset"` // bytes received so far
	RemoteID   string `json:"remote_id"`
	ReqFileID  string `json:"req_file_id"`
}

// Validate checks what a client asks for. The error is of kind Invalid, an id model.upload_session.is_valid.*.
func (u *Upload) Validate() error {
	bad := func(field string) error {
		return E(Invalid, "model.upload_session.is_valid."+field+".app_error").On(field)
	}
	switch {
	case u.Type != UploadAttachment:
		return bad("type")
	case !ValidID(u.ChannelID):
		return bad("channel_id")
	case u.Filename == "" || u.Filename != path.Base(u.Filename) || u.Filename == "." || u.Filename == ".." ||
		strings.ContainsAny(u.Filename, `\/`) || !validText(u.Filename, fileNameMaxRunes):
		return bad("filename")
	case u.FileSize <= 0:
		return bad("file_size")
	}
	return nil
}

// FileInfo describes a completely uploaded file. Times are in Unix milliseconds, Size is in bytes.
type FileInfo struct {
	ID          string  `json:"id"`
	UserID      string  `json:"user_id"`
	ChannelID   string  `json:"channel_id"`
	CreateAt    int64   `json:"create_at"`
	UpdateAt    int64   `json:"update_at"`
	DeleteAt    int64   `json:"delete_at"`
	Name        string  `json:"name"`
	Extension   string  `json:"extension"`
	Size        int64   `json:"size"`
	MimeType    string  `json:"mime_type"`
	MiniPreview *string `json:"mini_preview"` // always null
	RemoteID    *string `json:"remote_id"`
	Archived    bool    `json:"archived"`
}

// File returns the file of the upload, completed at now (Unix milliseconds).
func (u *Upload) File(now int64) *FileInfo {
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(u.Filename), "."))
	kind := mime.TypeByExtension("." + extension)
	if kind == "" {
		kind = "application/octet-stream"
	}
	remote := ""
	return &FileInfo{
		ID: u.ID, UserID: u.UserID, ChannelID: u.ChannelID, CreateAt: now, UpdateAt: now,
		Name: u.Filename, Extension: extension, Size: u.FileSize, MimeType: kind, RemoteID: &remote,
	}
}
