package api_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/server/api"
	"muster/internal/store"
	"muster/internal/testserver"
)

const (
	noSuchUpload   = "app.upload.get.app_error"
	noSuchFile     = "app.file_info.get.app_error"
	standsApart    = "app.upload.upload_data.offset.app_error"
	sentMeanwhile  = "app.upload.upload_data.concurrent.app_error"
	moreThanSaid   = "app.upload.upload_data.too_large.app_error"
	tooManyUploads = "app.upload.create.too_many.app_error"
)

// announce makes an upload of size bytes to a channel.
func announce(t *testing.T, by *client.Client, channelID, name string, size int) *muster.Upload {
	t.Helper()
	u, err := by.CreateUpload(t.Context(), &muster.Upload{ChannelID: channelID, Filename: name, FileSize: int64(size)})
	require.NoError(t, err)
	return u
}

// send continues an upload that is not to be whole afterwards.
func send(t *testing.T, by *client.Client, id string, offset int64, data string) {
	t.Helper()
	f, err := by.ContinueUpload(t.Context(), id, offset, []byte(data))
	require.NoError(t, err)
	if f != nil {
		t.Fatalf("it was taken for whole: %+v", f)
	}
}

// upload sends a whole file.
func upload(t *testing.T, by *client.Client, channelID, name, data string) *muster.FileInfo {
	t.Helper()
	f, err := by.ContinueUpload(t.Context(), announce(t, by, channelID, name, len(data)).ID, 0, []byte(data))
	require.NoError(t, err)
	if f == nil {
		t.Fatal("the file is not whole")
	}
	return f
}

// standsAt holds how far an upload has come.
func standsAt(t *testing.T, by *client.Client, id string, offset int64) {
	t.Helper()
	u, err := by.Upload(t.Context(), id)
	require.NoError(t, err)
	if u.FileOffset != offset {
		t.Errorf("the upload stands at %d, want %d", u.FileOffset, offset)
	}
}

// keptFiles are the files on the disk, of uploads under way and of whole ones, by the folder that they are in.
func keptFiles(t *testing.T, s *testserver.Server) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(s.Files, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, err = filepath.Rel(s.Files, name)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func keeps(t *testing.T, s *testserver.Server, want int) {
	t.Helper()
	if names := keptFiles(t, s); len(names) != want {
		t.Errorf("%d files on the disk, want %d: %q", len(names), want, names)
	}
}

// fileBytes reads a file.
func fileBytes(t *testing.T, by *client.Client, id string) string {
	t.Helper()
	r, err := by.File(t.Context(), id)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, errors.Join(err, r.Close()))
	return string(b)
}

func TestUploadsAreAnnouncedByWhoMayUploadThere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		s.Configure(t, `{"FileSettings":{"MaxFileSize":1000}}`)
		for _, c := range []struct {
			name   string
			by     *client.Client
			upload muster.Upload
			status int
			id     string
		}{
			{"outside of the channel", w.bob, muster.Upload{ChannelID: w.private}, 403, noPermission},
			{"outside of the team", w.carl, muster.Upload{ChannelID: w.private}, 403, noPermission},
			{"to nobody's channel", w.bob, muster.Upload{ChannelID: muster.NewID()}, 403, noPermission},
			{"to nobody's channel, as administrator", w.admin, muster.Upload{ChannelID: muster.NewID()}, 404, "app.channel.get.existing.app_error"},
			{"to no channel", w.ann, muster.Upload{ChannelID: "x"}, 400, "model.upload_session.is_valid.channel_id.app_error"},
			{"of another kind", w.ann, muster.Upload{ChannelID: w.private, Type: "import"}, 400, "model.upload_session.is_valid.type.app_error"},
			{"of nothing", w.ann, muster.Upload{ChannelID: w.private, FileSize: -1}, 400, "model.upload_session.is_valid.file_size.app_error"},
			{"too large", w.ann, muster.Upload{ChannelID: w.private, FileSize: 1001}, 413, "api.upload.create_upload.too_large.app_error"},
		} {
			t.Run(c.name, func(t *testing.T) {
				c.upload.Filename = "a.txt"
				switch c.upload.FileSize {
				case 0:
					c.upload.FileSize = 3
				case -1:
					c.upload.FileSize = 0
				}
				_, err := c.by.CreateUpload(ctx, &c.upload)
				refused(t, err, c.status, c.id)
			})
		}
		for _, name := range []string{"", ".", "..", "/", "a/b", "../a", `a\b`, "a/", "a\x00b", "a\nb", strings.Repeat("ü", 257)} {
			_, err := w.ann.CreateUpload(ctx, &muster.Upload{ChannelID: w.private, Filename: name, FileSize: 3})
			if !client.HasID(err, "model.upload_session.is_valid.filename.app_error") {
				t.Errorf("%q: %v", name, err)
			}
		}
		u, err := w.gus.CreateUpload(ctx, &muster.Upload{ // a guest may, in a channel of its own; what it may not choose is passed over
			ID: muster.NewID(), UserID: w.ids["ann"], ChannelID: w.private, Filename: strings.Repeat("ü", 256), FileSize: 1000, FileOffset: 999, CreateAt: 1,
		})
		if err != nil || u.UserID != w.ids["gus"] || u.FileOffset != 0 || u.FileSize != 1000 || u.Type != "attachment" || u.CreateAt == 1 {
			t.Errorf("%+v (%v)", u, err)
		}
	})
}

func TestAFileIsSentInOnePieceAndRead(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		const page = "<script>alert(1)</script>"
		const name = `grüße "x"; a=b.HTML`
		u := announce(t, w.ann, w.private, name, len(page))
		list, err := w.ann.UploadsOf(ctx, client.Me)
		if err != nil || len(list) != 1 || *list[0] != *u {
			t.Errorf("%+v (%v)", list, err)
		}
		f, err := w.ann.ContinueUpload(ctx, u.ID, -1, []byte(page))
		require.NoError(t, err)
		if f.ID != u.ID || f.UserID != w.ids["ann"] || f.ChannelID != w.private || f.Name != name || f.Extension != "html" || f.Size != int64(len(page)) ||
			!strings.HasPrefix(f.MimeType, "text/html") || f.CreateAt == 0 {
			t.Errorf("%+v", f)
		}
		onRecord(t, s, w.ids["ann"], "/uploads/"+u.ID, "upload_id="+u.ID)
		_, err = w.ann.Upload(ctx, u.ID)
		refused(t, err, 404, noSuchUpload)
		_, err = w.ann.ContinueUpload(ctx, u.ID, 0, []byte(page))
		refused(t, err, 404, noSuchUpload)
		if list, err = w.ann.UploadsOf(ctx, client.Me); err != nil || len(list) != 0 {
			t.Errorf("%+v (%v)", list, err)
		}
		keeps(t, s, 1)

		for _, by := range []*client.Client{w.ann, w.gus, w.admin} {
			if got := fileBytes(t, by, f.ID); got != page {
				t.Errorf("read %q", got)
			}
			info, err := by.FileInfo(ctx, f.ID)
			if err != nil || info.Name != f.Name || info.Size != f.Size || info.MimeType != f.MimeType {
				t.Errorf("%+v (%v)", info, err)
			}
		}
		for _, by := range []*client.Client{w.bob, w.carl} {
			_, err = by.File(ctx, f.ID)
			refused(t, err, 403, noPermission)
			_, err = by.FileInfo(ctx, f.ID)
			refused(t, err, 403, noPermission)
		}
		_, err = s.Client().File(ctx, f.ID)
		refused(t, err, 401, "api.context.session_expired.app_error")
		_, err = w.ann.File(ctx, muster.NewID())
		refused(t, err, 404, noSuchFile)
		_, err = w.ann.FileInfo(ctx, u.ID[:25])
		refused(t, err, 400, "api.context.invalid_url_param.app_error")

		resp := rawRequest(t, s, "GET", "/files/"+f.ID, "", map[string]string{"Authorization": "Bearer " + w.gus.Token()})
		kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || params["filename"] != name {
			t.Errorf("%s: %v (%v)", kind, params, err)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Content-Length": fmt.Sprint(len(page)),
			"Content-Type": "application/octet-stream", "Cache-Control": "private, max-age=86400",
		} {
			if got := resp.Header.Get(header); got != want {
				t.Errorf("%s: %q, want %q", header, got, want)
			}
		}
		require.NoError(t, w.ann.RemoveChannelMember(ctx, w.private, w.ids["gus"]))
		_, err = w.gus.File(ctx, f.ID)
		refused(t, err, 403, noPermission)
	})
}

func TestAFileIsSentInSeveralPieces(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		u := announce(t, w.ann, w.private, "a.txt", 10)
		send(t, w.ann, u.ID, 0, "0123")
		standsAt(t, w.ann, u.ID, 4)
		for _, offset := range []int64{0, 3, 5, 10} {
			_, err := w.ann.ContinueUpload(ctx, u.ID, offset, []byte("x"))
			refused(t, err, 409, standsApart)
		}
		_, err := w.ann.ContinueUpload(ctx, u.ID, 4, []byte("4567890"))
		refused(t, err, 413, moreThanSaid)
		_, err = w.ann.ContinueUpload(ctx, u.ID, 4, bytes.Repeat([]byte("x"), 1<<20))
		refused(t, err, 413, moreThanSaid)
		_, err = w.ann.ContinueUpload(ctx, u.ID, 4, nil)
		refused(t, err, 400, invalidBody)
		for _, header := range []string{"x", "-1", "4.0", "99999999999999999999"} {
			resp := rawRequest(t, s, "POST", "/uploads/"+u.ID, "45", map[string]string{"Authorization": "Bearer " + w.ann.Token(), "Upload-Offset": header})
			if resp.StatusCode != 400 {
				t.Errorf("offset %s: %d", header, resp.StatusCode)
			}
		}
		standsAt(t, w.ann, u.ID, 4)
		keeps(t, s, 1)
		for name, by := range map[string]*client.Client{"gus": w.gus, "bob": w.bob, "admin": w.admin} {
			t.Run(name, func(t *testing.T) {
				_, err := by.ContinueUpload(ctx, u.ID, 4, []byte("456789"))
				refused(t, err, 403, "api.upload.get_upload.forbidden.app_error")
				_, err = by.Upload(ctx, u.ID)
				refused(t, err, 403, "api.upload.get_upload.forbidden.app_error")
				_, err = by.UploadsOf(ctx, w.ids["ann"])
				refused(t, err, 403, "api.user.get_uploads_for_user.forbidden.app_error")
			})
		}
		send(t, w.ann, u.ID, 4, "45678")
		keeps(t, s, 2)
		require.NoError(t, w.admin.RemoveChannelMember(ctx, w.private, w.ids["ann"]))
		_, err = w.ann.ContinueUpload(ctx, u.ID, 9, []byte("9"))
		refused(t, err, 403, noPermission)
		_, err = w.admin.AddChannelMember(ctx, w.private, w.ids["ann"])
		require.NoError(t, err)
		f, err := w.ann.ContinueUpload(ctx, u.ID, 9, []byte("9"))
		if err != nil || f == nil {
			t.Fatal(f, err)
		}
		if got := fileBytes(t, w.gus, f.ID); got != "0123456789" {
			t.Errorf("read %q", got)
		}
		keeps(t, s, 1)
	})
}

func TestALargeFileIsSentByTheClient(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		w := makeTown(t, s)
		data := make([]byte, 9<<20)
		for i := range data {
			data[i] = byte(i % 251)
		}
		f, err := w.ann.SendFile(t.Context(), w.private, "a.bin", int64(len(data)), bytes.NewReader(data))
		require.NoError(t, err)
		if got := fileBytes(t, w.gus, f.ID); got != string(data) {
			t.Errorf("%d bytes came back, not the %d sent", len(got), len(data))
		}
		keeps(t, s, 1)
	})
}

func TestAFormCarriesAPieceToo(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		w := makeTown(t, s)
		u := announce(t, w.ann, w.private, "a.txt", 6)
		post := func(field, data string) int {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			require.NoError(t, form.WriteField("note", "not the file"))
			part, err := form.CreateFormFile(field, "whatever")
			require.NoError(t, err)
			_, err = io.WriteString(part, data)
			require.NoError(t, errors.Join(err, form.Close()))
			return rawRequest(t, s, "POST", "/uploads/"+u.ID, body.String(), map[string]string{
				"Authorization": "Bearer " + w.ann.Token(), "Content-Type": form.FormDataContentType(),
			}).StatusCode
		}
		for _, c := range []struct {
			field, data string
			want        int
		}{{"other", "abc", 400}, {"data", "", 400}, {"data", "abcdefg", 413}, {"data", "abc", 204}, {"data", "def", 200}} {
			if got := post(c.field, c.data); got != c.want {
				t.Errorf("%s %q: %d, want %d", c.field, c.data, got, c.want)
			}
		}
		if got := fileBytes(t, w.ann, u.ID); got != "abcdef" {
			t.Errorf("read %q", got)
		}
		keeps(t, s, 1)
	})
}

func TestAnUploadGoesOnAfterABrokenConnection(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		u := announce(t, w.ann, w.private, "a.txt", 10)
		for _, c := range []struct{ header, sent string }{
			{"Content-Length: 10", "0123"},
			{"Content-Length: 6", ""}, // broken before the first byte: nothing to keep
			{"Transfer-Encoding: chunked", "2\r\n45\r\n3\r\n6"},
		} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, "POST %s/uploads/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n%s", api.Prefix, u.ID, w.ann.Token(), c.header, c.sent)
			require.NoError(t, err)
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			_, err = http.ReadResponse(bufio.NewReader(conn), nil) // once it comes, the piece was handled
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
		now, err := w.ann.Upload(ctx, u.ID)
		if err != nil || now.FileOffset != 7 {
			t.Fatalf("%+v (%v)", now, err)
		}
		keeps(t, s, 2)
		f, err := w.ann.ContinueUpload(ctx, u.ID, now.FileOffset, []byte("789"))
		require.NoError(t, err)
		if got := fileBytes(t, w.ann, f.ID); got != "0123456789" {
			t.Errorf("read %q", got)
		}
	})
}

// patience is how long a test waits for what another goroutine is about to do.
const patience = time.Minute

func TestOneOfTwoPiecesAtOnceIsKept(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		w := makeTown(t, s)
		u := announce(t, w.ann, w.private, "a.txt", 10)
		const pieces = 3
		answers := make(chan int, pieces)
		var ends []*io.PipeWriter
		for i := range pieces {
			r, end := io.Pipe()
			ends = append(ends, end)
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+api.Prefix+"/uploads/"+u.ID, r)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+w.ann.Token())
			go func() {
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					answers <- 0
					return
				}
				_ = resp.Body.Close()
				answers <- resp.StatusCode
			}()
			_, err = io.WriteString(end, strings.Repeat(string(rune('a'+i)), 4))
			require.NoError(t, err)
		}
		for end := time.Now().Add(patience); len(keptFiles(t, s)) < pieces; time.Sleep(time.Millisecond) { // all are being written
			if time.Now().After(end) {
				t.Fatal("the pieces don't begin")
			}
		}
		var statuses []int
		for _, end := range ends {
			require.NoError(t, end.Close())
		}
		for range ends {
			statuses = append(statuses, <-answers)
		}
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{204, 409, 409}) {
			t.Errorf("%v", statuses)
		}
		standsAt(t, w.ann, u.ID, 4)
		keeps(t, s, 1)
		f, err := w.ann.ContinueUpload(t.Context(), u.ID, 4, []byte("456789"))
		require.NoError(t, err)
		if got := fileBytes(t, w.ann, f.ID); got[:4] != strings.Repeat(got[:1], 4) || got[4:] != "456789" {
			t.Errorf("read %q", got)
		}
	})
}

// After a crash between the last piece and the file, whoever asks next finishes it; two that ask at once don't spoil it.
func TestAWholeUploadIsFinishedOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		const pieces, pieceSize = 20, 1 << 10
		for range 5 {
			u := announce(t, w.ann, w.private, "a.bin", pieces*pieceSize)
			state, err := s.Store.Upload(ctx, u.ID)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Join(s.Files, "uploads", u.ID), 0o700))
			for i := range pieces {
				key := fmt.Sprintf("uploads/%s/%d", u.ID, i)
				require.NoError(t, os.WriteFile(filepath.Join(s.Files, key), bytes.Repeat([]byte{byte(i)}, pieceSize), 0o600))
				require.NoError(t, s.Store.Write(ctx, func(tx *store.Tx) (err error) {
					state, err = tx.AddPiece(ctx, state, key, pieceSize)
					return err
				}))
			}
			won := 0
			for _, err := range together(8, func(int) error {
				f, err := w.ann.ContinueUpload(ctx, u.ID, pieces*pieceSize, nil)
				if err == nil && f == nil {
					err = errors.New("not whole")
				}
				return err
			}) {
				switch {
				case err == nil:
					won++
				case !client.HasID(err, sentMeanwhile) && !client.HasID(err, noSuchUpload):
					t.Error(err)
				}
			}
			if won != 1 {
				t.Errorf("%d finished it", won)
			}
			if got := fileBytes(t, w.ann, u.ID); len(got) != pieces*pieceSize || got[0] != 0 || got[len(got)-1] != pieces-1 {
				t.Errorf("%d bytes", len(got))
			}
			if n := len(slices.DeleteFunc(keptFiles(t, s), func(name string) bool { return strings.HasPrefix(name, "files/") })); n != 0 {
				t.Errorf("%d pieces are left", n)
			}
		}
	})
}

func TestAnAccountHasAHundredUnfinishedUploads(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		var last *muster.Upload
		for range 100 {
			last = announce(t, w.ann, w.private, "a.txt", 3)
		}
		more := &muster.Upload{ChannelID: w.private, Filename: "a.txt", FileSize: 3}
		_, err := w.ann.CreateUpload(ctx, more)
		refused(t, err, 429, tooManyUploads)
		announce(t, w.gus, w.private, "a.txt", 3)
		_, err = w.ann.ContinueUpload(ctx, last.ID, 0, []byte("abc"))
		require.NoError(t, err)
		_, err = w.ann.CreateUpload(ctx, more)
		require.NoError(t, err)
	})
}

func TestADeletedAccountsFilesAreGoneFromTheDisk(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		s.Configure(t, `{"ServiceSettings":{"EnableAPIUserDeletion":true}}`)
		file := upload(t, w.ann, w.private, "a.txt", "whole")
		under := announce(t, w.ann, w.private, "b.txt", 10)
		send(t, w.ann, under.ID, 0, "0123")
		require.NoError(t, w.ann.SetProfileImage(ctx, client.Me, bytes.NewReader(picture(t, 9, 9))))
		others := upload(t, w.gus, w.private, "c.txt", "another's")
		keeps(t, s, 4)
		require.NoError(t, w.admin.DeleteUser(ctx, w.ids["ann"])) // a deactivated account may come back
		keeps(t, s, 4)
		if got := fileBytes(t, w.gus, file.ID); got != "whole" {
			t.Errorf("read %q", got)
		}
		require.NoError(t, w.admin.DeleteUserPermanently(ctx, w.ids["ann"]))
		if names := keptFiles(t, s); !slices.Equal(names, []string{"files/" + others.ID}) {
			t.Errorf("on the disk are %q", names)
		}
		_, err := w.gus.File(ctx, file.ID)
		refused(t, err, 404, noSuchFile)
		if got := fileBytes(t, w.gus, others.ID); got != "another's" {
			t.Errorf("read %q", got)
		}
	})
}
