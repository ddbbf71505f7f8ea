package services

import (
	"context"
	"time"
)

// maintenanceInterval is the time between runs. It bounds what a crash loses of when sessions were last used.
const maintenanceInterval = 30 * time.Second

// runMaintenance records when sessions were used and deletes what has expired, until ctx ends.
func (s *Services) runMaintenance(ctx context.Context) {
	tasks := []struct {
		name string
		run  func(context.Context) error
	}{
		{"write session activity", func(ctx context.Context) error { return s.Auth.WriteActivity(ctx, false) }},
		{"remove expired sessions", s.Auth.RemoveExpiredSessions},
		{"delete failed mails", s.Mailer.DeleteFailedMails},
		{"remove attempts to sign in", s.Auth.SweepAttempts},
		{"remove known networks", s.Auth.RemoveExpiredNetworks},
		{"remove unfinished uploads", s.Files.SweepUploads},
		{"remove old audits", s.System.SweepAudits},
	}
	tick := time.NewTicker(maintenanceInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, task := range tasks {
			if err := task.run(ctx); err != nil && ctx.Err() == nil {
				s.log.Error(task.name, "error", err)
			}
		}
	}
}
