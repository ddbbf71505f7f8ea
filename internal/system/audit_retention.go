package system

import (
	"context"

	"muster/internal/core"
)

const (
	auditSweepBatch = 500
	auditSweeps     = 20 // batches at a time, so that other writes come between
)

// SweepAudits removes history that is older than AuditRetentionDays, in small batches.
func (s *System) SweepAudits(ctx context.Context) error {
	days := s.core.Config().StorageSettings.AuditRetentionDays
	if days == 0 {
		return nil
	}
	for range auditSweeps {
		n, err := s.store.DeleteAudits(ctx, s.core.Now()-int64(days)*core.Day, auditSweepBatch)
		if err != nil || n < auditSweepBatch {
			return err
		}
	}
	return nil
}
