package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/store"
)

const (
	administrator = "admin"
	secret        = "a long enough secret" // of every account with a password
	lockedAccount = "locked"
)

// target is a name to ask about, with its account if there is one.
type target struct {
	kind, name string
	user       *muster.User // nil if there is no account
}

// targets returns one account of each kind. Imported hashes are cheap, which saves time and shows the same differences.
func targets(ctx context.Context) ([]*target, error) {
	own, err := ownHash(ctx)
	if err != nil {
		return nil, err
	}
	low, err := bcrypt.GenerateFromPassword([]byte(secret), 8)
	if err != nil {
		return nil, err
	}
	high, err := bcrypt.GenerateFromPassword([]byte(secret), 10)
	if err != nil {
		return nil, err
	}
	const pbkdf2 = "$pbkdf2-sha256$i=60000$MDEyMzQ1Njc4OWFiY2RlZg$2/6i32L0Bi6MtP2OuJMPcqA89+m4kdqqE3/bAThGMxs"
	service, id := "ldap", "provider"
	return []*target{
		{"existing", "existing", &muster.User{Password: own}},
		{"unknown", "nobody", nil},
		{"locked", lockedAccount, &muster.User{Password: own}},
		{"bcrypt 2^8", "bcrypt8", &muster.User{Password: string(low)}},
		{"bcrypt 2^10", "bcrypt10", &muster.User{Password: string(high)}},
		{"PBKDF2", "pbkdf2", &muster.User{Password: pbkdf2}},
		{"provider", "provider", &muster.User{AuthService: service, AuthData: &id}},
	}, nil
}

func ownHash(ctx context.Context) (string, error) {
	reservation, err := password.New(password.Options{}).Reserve(ctx, password.Origin{})
	if err != nil {
		return "", err
	}
	defer reservation.Release()
	return reservation.Hash(secret)
}

// seed creates the administrator and the targets in an empty database.
func seed(ctx context.Context, dir string, people []*target) (err error) {
	db, err := store.Open(ctx, store.Options{DataDir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	own, err := ownHash(ctx)
	if err != nil {
		return err
	}
	if err := add(ctx, db, administrator, &muster.User{Password: own}); err != nil {
		return err
	}
	for _, p := range people {
		if p.user == nil {
			continue
		}
		if err := add(ctx, db, p.name, p.user); err != nil {
			return fmt.Errorf("%s: %w", p.kind, err)
		}
	}
	return nil
}

func add(ctx context.Context, db *store.Store, name string, u *muster.User) error {
	u.ID, u.CreateAt = muster.NewID(), time.Now().UnixMilli()
	u.UpdateAt, u.LastPasswordUpdate = u.CreateAt, u.CreateAt
	u.Username, u.Email, u.EmailVerified, u.Roles, u.Locale = name, name+"@example.com", true, muster.RoleSystemUser, "en"
	u.NotifyProps, u.Timezone = muster.DefaultNotifyProps(), muster.DefaultTimezone()
	return db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.ClaimFirstAccount(ctx, u); err != nil {
			return err
		}
		return tx.InsertUser(ctx, u)
	})
}
