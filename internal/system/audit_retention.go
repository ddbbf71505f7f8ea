package system

import (
	"context"

	"muster/internal/core"
	"muster/internal/store"
)

const (
	auditSweepBatch = 500
	auditSweeps     = 20 // batches at a time, so that other writes come between
)

// SweepAudits removes audits that are older than AuditRetentionDays, in small batches.
func (s *System) SweepAudits(ctx context.Context) error {
	days := s.core.Config().StorageSettings.AuditRetentionDays
	if days == 0 {
		return nil
	}
	for range auditSweeps {
		var n int64
		err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.DeleteAudits(ctx, tx.Now()-int64(days)*core.Day, auditSweepBatch)
			return err
		})
		if err != nil || n < auditSweepBatch {
			return err
		}
	}
	return nil
}
