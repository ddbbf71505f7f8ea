package system_test

import (
	"context"
	"testing"

	"muster/internal/secretbox"
	"muster/internal/store"
	"muster/internal/testserver"
)

// Settings whose commit failed never come into force, and the next change does.
func TestSettingsThatWereNotCommittedAreNotInForce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, `{"TeamSettings":{"SiteName":"One"}}`)
		box, err := secretbox.New([]byte(testserver.Key))
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		err = s.Store.Write(ctx, func(tx *store.Tx) error {
			if err := tx.SaveSettings(ctx, box.EncryptSettings([]byte(`{"TeamSettings":{"SiteName":"Lost"}}`))); err != nil {
				return err
			}
			cancel() // the client leaves just before the commit
			return nil
		})
		if err == nil {
			t.Fatal("it was committed")
		}
		if name := s.Services.Core.Config().TeamSettings.SiteName; name != "One" {
			t.Errorf("%q is in force", name)
		}
		s.Configure(t, `{"TeamSettings":{"SiteName":"Two"}}`)
		if name := s.Services.Core.Config().TeamSettings.SiteName; name != "Two" {
			t.Errorf("%q is in force after a change to Two", name)
		}
	})
}
