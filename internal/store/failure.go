package store

import (
	"context"
	"errors"
	"time"

	"muster"
)

const (
	answerTime = 20 * time.Second // for what another process has to answer
	retryAfter = 5 * time.Second  // when it is worth asking a database again that did not answer
)

// explain returns what an error of the database means to a client, with the error as its cause: kind Unavailable while the database does not
// answer, StorageFull while it has no room. Every other error it returns as it is. All reads and writes pass through here.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, explained := errors.AsType[*muster.Error](err); explained || errors.Is(err, context.Canceled) && !errors.Is(err, errNoAnswer) {
		return err
	}
	switch {
	case s.dialect.full(err):
		return muster.E(muster.StorageFull, "api.context.storage_full.app_error", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errNoAnswer), s.dialect.unavailable(err):
		s.lock.doubt()
		return unavailable(err)
	}
	return err
}

func unavailable(cause error) error {
	return muster.E(muster.Unavailable, "api.context.database_unavailable.app_error", cause).After(retryAfter)
}

// answering returns an error while another server may be using the database: then nothing here may be read or written.
func (s *Store) answering() error {
	if s.lock.held() {
		return nil
	}
	return unavailable(errLockLost)
}
