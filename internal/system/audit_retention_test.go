package system_test

import (
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/testserver"
)

func TestOldHistoryIsSwept(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		_, me := s.User(t, "ann")
		const many = 1200 // more than one batch
		var old []*muster.Audit
		for range many {
			old = append(old, &muster.Audit{ID: muster.NewID(), UserID: me.ID, Action: "old", CreateAt: time.Now().AddDate(0, 0, -31).UnixMilli()})
		}
		must(t, s.Store.Write(ctx, func(tx *store.Tx) error { return tx.Audit(ctx, old...) }))
		count := func() (old, young int) {
			list, err := s.Store.Audits(ctx, me.ID, 0, 2*many)
			must(t, err)
			for _, a := range list {
				if a.Action == "old" {
					old++
				} else {
					young++
				}
			}
			return old, young
		}
		_, young := count()
		for days, want := range map[string]int{"0": many, "32": many} {
			s.Configure(t, `{"StorageSettings":{"AuditRetentionDays":`+days+`}}`)
			must(t, s.Services.System.SweepAudits(ctx))
			if old, _ := count(); old != want {
				t.Fatalf("kept %d days: %d of %d are left", old, old, want)
			}
		}
		s.Configure(t, `{"StorageSettings":{"AuditRetentionDays":30}}`)
		must(t, s.Services.System.SweepAudits(ctx))
		if old, left := count(); old != 0 || left != young {
			t.Fatalf("%d old ones and %d of %d young ones are left", old, left, young)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
