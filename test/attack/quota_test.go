package attack_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

// atOnce makes n requests at once and wants exactly allowed of them to succeed and the others to be refused with an id.
func atOnce(t *testing.T, n, allowed int, id string, request func(ctx context.Context, i int) error) {
	t.Helper()
	var done, refused atomic.Int32
	run := make([]func(), n)
	for i := range run {
		run[i] = func() {
			switch err := request(t.Context(), i); {
			case err == nil:
				done.Add(1)
			case client.HasID(err, id):
				refused.Add(1)
			default:
				t.Errorf("request %d: %v", i, err)
			}
		}
	}
	together(run...)
	if int(done.Load()) != allowed || int(refused.Load()) != n-allowed {
		t.Errorf("%d of %d succeeded and %d were refused, want %d to succeed", done.Load(), n, refused.Load(), allowed)
	}
}

const many = 12 // requests at once

func TestUploadsStopAtTheQuota(t *testing.T) {
	const full = "app.upload.create.quota.app_error"
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, me := s.User(t, "ann")
		bob, him := s.User(t, "bob")
		s.Configure(t, `{"StorageSettings":{"MaxUploadBytesPerUser":20000},"RateLimitSettings":{"Enable":false}}`)
		ch, err := ann.CreateDirectChannel(t.Context(), me.ID, him.ID)
		require.NoError(t, err)
		announce := func(c *client.Client, size int64) func(context.Context, int) error {
			return func(ctx context.Context, _ int) error {
				_, err := c.CreateUpload(ctx, &muster.Upload{ChannelID: ch.ID, Filename: "a.txt", FileSize: size})
				return err
			}
		}
		atOnce(t, many, 2, full, announce(ann, 7000))
		atOnce(t, many, 1, full, announce(ann, 1)) // 14,000 are announced, and a small file takes 4,096
		atOnce(t, many, 0, full, announce(ann, 4000))
		atOnce(t, 1, 1, full, announce(bob, 20000)) // each has a quota of their own

		// A file that is whole counts as the upload did.
		uploads, err := ann.UploadsOf(t.Context(), me.ID)
		require.NoError(t, err)
		i := slices.IndexFunc(uploads, func(u *muster.Upload) bool { return u.FileSize == 7000 })
		_, err = ann.ContinueUpload(t.Context(), uploads[i].ID, 0, make([]byte, 7000))
		require.NoError(t, err)
		atOnce(t, many, 0, full, announce(ann, 4000))
		s.Configure(t, `{"StorageSettings":{"MaxUploadBytesPerUser":0}}`)
		atOnce(t, 1, 1, full, announce(ann, 100000))
	})
}

func TestPreferencesStopAtTheQuota(t *testing.T) {
	const full = "app.preference.save.quota.app_error"
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, me := s.User(t, "ann")
		s.Configure(t, `{"StorageSettings":{"MaxPreferencesPerUser":5},"RateLimitSettings":{"Enable":false}}`)
		pref := func(i int) []*muster.Preference {
			return []*muster.Preference{{UserID: me.ID, Category: "attack", Name: fmt.Sprint(i), Value: "x"}}
		}
		kept := func() int {
			list, err := ann.Preferences(t.Context(), me.ID)
			require.NoError(t, err)
			return len(list)
		}
		atOnce(t, many, 5, full, func(ctx context.Context, i int) error { return ann.UpdatePreferences(ctx, me.ID, pref(i)) })
		if n := kept(); n != 5 {
			t.Fatalf("%d are kept", n)
		}
		list, err := ann.Preferences(t.Context(), me.ID)
		require.NoError(t, err)
		s.Configure(t, `{"StorageSettings":{"MaxPreferencesPerUser":3}}`)
		list[0].Value = "changed"
		require.NoError(t, ann.UpdatePreferences(t.Context(), me.ID, list)) // what is there may change
		require.NoError(t, ann.DeletePreferences(t.Context(), me.ID, list[:3]))
		require.NoError(t, ann.UpdatePreferences(t.Context(), me.ID, pref(100)))
		if err := ann.UpdatePreferences(t.Context(), me.ID, append(pref(101), pref(102)...)); !client.HasID(err, full) || kept() != 3 {
			t.Errorf("two more than fit: %v, %d are kept", err, kept())
		}
	})
}

func TestAccessTokensStopAtTheQuota(t *testing.T) {
	const full = "app.user_access_token.create.quota.app_error"
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, me := s.Admin(t)
		s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true},"StorageSettings":{"MaxAccessTokensPerUser":3},"RateLimitSettings":{"Enable":false}}`)
		create := func(ctx context.Context, _ int) error {
			_, err := admin.CreateAccessToken(ctx, me.ID, "one of many", 0)
			return err
		}
		atOnce(t, many, 3, full, create)
		tokens, err := admin.AccessTokensOf(t.Context(), me.ID, 0, 10)
		require.NoError(t, err)
		if len(tokens) != 3 {
			t.Fatalf("%d tokens", len(tokens))
		}
		require.NoError(t, admin.RevokeAccessToken(t.Context(), tokens[0].ID))
		atOnce(t, 2, 1, full, create)
	})
}

// Somebody who knows a password and not the code can't fill the table of login flows that wait for it.
func TestLoginFlowsAreBounded(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.User(t, "ann")
		const tries, most = 50, 20
		alive := 0
		hash := func(i int) []byte { sum := sha256.Sum256([]byte{byte(i)}); return sum[:] }
		for i := range tries {
			flow := &store.LoginFlow{UserID: me.ID, ExpiresAt: time.Now().Add(time.Hour + time.Duration(i)*time.Second).UnixMilli()}
			require.NoError(t, s.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertLoginFlow(t.Context(), hash(i), flow) }))
		}
		for i := range tries {
			if _, err := s.Store.LoginFlow(t.Context(), hash(i)); err == nil {
				alive++
			}
		}
		if _, err := s.Store.LoginFlow(t.Context(), hash(tries-1)); err != nil || alive != most {
			t.Errorf("%d login flows of one account wait, want %d; the last: %v", alive, most, err)
		}
	})
}
