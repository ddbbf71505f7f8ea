package attack_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"sync"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

const pictureForm = "multipart/form-data; boundary=x"

// pictureOf is the beginning of a form with a file.
func pictureOf(file []byte) []byte {
	return append([]byte("--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"), file...)
}

func aPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 64, 64))))
	return b.Bytes()
}

// What is no picture is refused by its first bytes, and what is one by the first byte too many.
func TestPicturesAreNotReadWhole(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, u := s.Admin(t)
		admin, _ := s.SignIn(t, "admin")
		var all sync.WaitGroup
		for i := range 12 {
			file := aPNG(t)
			if i%2 == 0 {
				file = []byte("no picture")
			}
			all.Go(func() {
				sent, status := endless(t, clientFrom("127.0.14.1"), s.URL+"/api/v4/users/"+u.ID+"/image", pictureForm, pictureOf(file), "Authorization", "Bearer "+admin.Token())
				if most := int64(10<<20 + acceptedMax); sent > most || status == http.StatusOK {
					t.Errorf("%d after %d bytes", status, sent)
				}
			})
		}
		all.Wait()
		if after, err := s.Store.User(t.Context(), u.ID); err != nil || after.LastPictureUpdate != 0 {
			t.Errorf("a picture was set: %v (%v)", after, err)
		}
	})
}

// One picture of an account at a time: the second waits for nothing and costs nothing.
func TestOnePictureOfAnAccountAtATime(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, u := s.Admin(t)
		file := aPNG(t)
		end := "\r\n--x--\r\n"
		form := string(pictureOf(file))
		first := rawFrom(t, s, "127.0.14.2")
		say(t, first, fmt.Sprintf("POST /api/v4/users/%s/image HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			u.ID, admin.Token(), pictureForm, len(form)+len(end), form[:len(form)-10]))
		second := func() *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v4/users/me/image", strings.NewReader("--x\r\n\r\n"))
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+admin.Token())
			r.Header.Set("Content-Type", pictureForm)
			resp, err := clientFrom("127.0.14.3").Do(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			return resp
		}
		eventually(t, "the first upload to have its place", func() bool { return second().StatusCode == http.StatusConflict })
		say(t, first, form[len(form)-10:]+end)
		b := make([]byte, len("HTTP/1.1 200"))
		if _, err := first.Read(b); err != nil || string(b) != "HTTP/1.1 200" {
			t.Fatalf("the first upload: %q %v", b, err)
		}
		if got := second().StatusCode; got != http.StatusBadRequest {
			t.Errorf("after it: %d", got)
		}
	})
}
