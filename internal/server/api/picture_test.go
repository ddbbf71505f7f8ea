package api_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"muster"
	"muster/internal/require"
	"muster/internal/testserver"
)

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))))
	return b.Bytes()
}

func TestPicturesAreSetShownAndTakenAway(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		bob, _ := s.User(t, "bob")
		drawn, err := bob.ProfileImage(ctx, me.ID)
		require.NoError(t, err)
		s.ForgetEvents()
		require.NoError(t, ann.SetProfileImage(ctx, "me", bytes.NewReader(picture(t, 300, 200))))
		set, err := bob.ProfileImage(ctx, me.ID)
		require.NoError(t, err)
		shown, err := png.Decode(bytes.NewReader(set))
		if err != nil || shown.Bounds().Dx() != 128 || shown.Bounds().Dy() != 128 || bytes.Equal(drawn, set) {
			t.Fatal(err, shown.Bounds())
		}
		u, err := ann.Me(ctx)
		if err != nil || u.LastPictureUpdate <= 0 || len(s.Events(muster.EventUserUpdated)) != 3 {
			t.Fatal(u.LastPictureUpdate, err, len(s.Events(muster.EventUserUpdated)))
		}
		require.NoError(t, ann.SetDefaultProfileImage(ctx, "me"))
		again, err := bob.ProfileImage(ctx, me.ID)
		if err != nil || !bytes.Equal(drawn, again) {
			t.Fatal("the drawn picture is not back", err)
		}
		if u, err = ann.Me(ctx); err != nil || u.LastPictureUpdate >= 0 {
			t.Fatal(u.LastPictureUpdate, err)
		}
		refused(t, bob.SetProfileImage(ctx, me.ID, bytes.NewReader(picture(t, 9, 9))), 403, "api.context.permissions.app_error")
	})
}

func TestPicturesThatAreNoneOrTooMuch(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		s.Configure(t, `{"FileSettings":{"MaxProfileImageSize":20000,"MaxImageResolution":1000}}`)
		const unreadable = "api.user.upload_profile_user.check_image_limits.app_error"
		refused(t, ann.SetProfileImage(ctx, "me", strings.NewReader("plain text")), 400, unreadable)
		refused(t, ann.SetProfileImage(ctx, "me", bytes.NewReader(picture(t, 100, 100))), 400, unreadable)
		refused(t, ann.SetProfileImage(ctx, "me", bytes.NewReader(append(picture(t, 10, 10), make([]byte, 30_000)...))), 413, "api.user.upload_profile_user.too_large.app_error")
		refused(t, ann.SetProfileImage(ctx, "me", bytes.NewReader(make([]byte, 3_000_000))), 413, "api.user.upload_profile_user.too_large.app_error")
		u, err := ann.Me(ctx)
		if err != nil || u.LastPictureUpdate != 0 {
			t.Fatal(u.LastPictureUpdate, err)
		}
	})
}
