package attack_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"muster"
	"muster/internal/require"
	"muster/internal/testserver"
)

// An upload that ends early, stalls or is too large is the client's fault, whatever it is of.
func TestBrokenUploadsAreTheClientsFault(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, admin := s.Admin(t)
		s.Configure(t, `{"FileSettings":{"MaxProfileImageSize":100000,"MaxFileSize":100000}}`)
		var all sync.WaitGroup
		for _, to := range targets(t, s) {
			all.Go(func() {
				for name, c := range map[string]struct {
					length int
					sent   string
					end    bool
				}{
					"ended":           {5000, to.start, true},
					"ended in a part": {5000, to.start[:len(to.start)/2], true},
					"stalled":         {5000, to.start, false},
					"too large":       {4 << 20, to.start + strings.Repeat("x", 4<<20-len(to.start)), false},
					"cut form":        {len(to.start), to.start, false},
				} {
					if got := to.upload(t, s, c.length, c.sent, c.end); got >= 500 || got < 400 && name != "ended" && to.name != "bytes" {
						t.Errorf("%s, %s: %d", to.name, name, got)
					}
				}
			})
		}
		all.Wait()
		if after, err := s.Store.User(t.Context(), admin.ID); err != nil || after.LastPictureUpdate != 0 {
			t.Errorf("a picture was set: %v (%v)", after, err)
		}
	})
}

// Uploads whose connection is reset leave nothing behind that others would have to wait for.
func TestResetUploadsGiveTheirPlacesBack(t *testing.T) {
	s := testserver.New(t)
	s.Admin(t)
	to := targets(t, s)[0]
	for range 4 { // more than a network has places
		c := rawFrom(t, s, to.from)
		say(t, c, to.request(5000)+to.start)
		require.NoError(t, c.(*net.TCPConn).SetLinger(0))
		require.NoError(t, c.Close())
	}
	form := string(pictureOf(aPNG(t))) + "\r\n--x--\r\n"
	eventually(t, "the places of the uploads that were reset", func() bool { return to.upload(t, s, len(form), form, false) == http.StatusOK })
}

// target is where something is uploaded to, and how its body begins.
type target struct{ name, from, path, header, start string }

// targets returns every way to upload.
func targets(t *testing.T, s *testserver.Server) []target {
	t.Helper()
	ctx := t.Context()
	admin, u := s.Admin(t)
	ann, _ := s.User(t, "ann")
	session, _, err := s.Services.Auth.Authenticate(ctx, ann.Token())
	require.NoError(t, err)
	team, err := admin.CreateTeam(ctx, &muster.Team{Name: "gardeners", DisplayName: "Gardeners", Type: "O"})
	require.NoError(t, err)
	channel, err := admin.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "roses", DisplayName: "Roses", Type: "O"})
	require.NoError(t, err)
	announced := func() string {
		up, err := admin.CreateUpload(ctx, &muster.Upload{ChannelID: channel.ID, Filename: "a.txt", FileSize: 90_000})
		require.NoError(t, err)
		return "/api/v4/uploads/" + up.ID
	}
	const form = "\r\nContent-Type: " + pictureForm
	bearer := "Authorization: Bearer " + admin.Token()
	file := string(aPNG(t)[:60])
	return []target{
		{"picture", "127.0.18.1", "/api/v4/users/" + u.ID + "/image", bearer + form, string(pictureOf(nil)) + file},
		{
			"page", "127.0.18.2", "/account/picture/upload", "Cookie: MMAUTHTOKEN=" + ann.Token() + form,
			"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n" + session.CSRF() + "\r\n" +
				strings.Replace(string(pictureOf(nil)), `name="image"`, `name="file"`, 1) + file,
		},
		{"bytes", "127.0.18.3", announced(), bearer, "some bytes"},
		{"form", "127.0.18.4", announced(), bearer + form, strings.Replace(string(pictureOf(nil)), `name="image"`, `name="data"`, 1)},
	}
}

func (to target) request(length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n", to.path, to.header, length)
}

// upload sends a part of a body of some length, ends its half of the connection if it is to, and returns the answer's status.
func (to target) upload(t *testing.T, s *testserver.Server, length int, sent string, end bool) int {
	t.Helper()
	c := rawFrom(t, s, to.from)
	say(t, c, to.request(length))
	_, _ = io.WriteString(c, sent) // the answer may come before all is sent
	if end {
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil { // it was cut after the answer, which the kernel lost with the rest of the body
		return http.StatusRequestEntityTooLarge
	}
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}
