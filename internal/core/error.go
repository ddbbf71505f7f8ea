package core

import (
	"errors"

	"muster"
	"muster/internal/store"
)

// NoAccount is the id of the error for a user id without an account.
const NoAccount = "app.user.missing_account.const"

// Missing returns the protocol's error for the store's ErrNotFound, and any other error as it is.
func Missing(err error, kind muster.Kind, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return muster.E(kind, id, err)
	}
	return err
}

// MissingAccount is Missing for a user id without an account.
func MissingAccount(err error) error {
	return Missing(err, muster.NotFound, NoAccount)
}

// IsUnstorable reports whether an error says that a text can't be stored by any database. That is the request's fault, but code that reads a single field
// can't see it.
func IsUnstorable(err error) bool { return store.Unstorable(err) }
