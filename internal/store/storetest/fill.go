package storetest

import (
	"context"

	"muster"
	"muster/internal/store"
)

const fillBatch = 1000

// Fill makes n accounts, many in one transaction: for directories of a size that single sign-ups would take long to reach.
func Fill(ctx context.Context, s *store.Store, n int, user func(i int) *muster.User) error {
	for from := 0; from < n; from += fillBatch {
		batch := make([]*muster.User, 0, fillBatch)
		for i := from; i < min(from+fillBatch, n); i++ {
			batch = append(batch, user(i))
		}
		if err := s.ImportUsers(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}
