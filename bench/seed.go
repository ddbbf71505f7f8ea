package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"muster"
	"muster/internal/store"
)

// secret is every account's password.
const secret = "a long enough secret"

// administrator is the name of the first account.
const administrator = "admin"

var firstNames = []string{
	"Ada", "Alan", "Amina", "Anna", "Barbara", "Boris", "Carla", "Chen", "Claude", "Dana", "David", "Edith", "Elena", "Emil", "Eva", "Farid",
	"Fiona", "Frida", "Georg", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jana", "Jonas", "Karin", "Kofi", "Laura", "Leon", "Lina", "Marco",
	"Maria", "Mei", "Milan", "Nadia", "Nils", "Olga", "Omar", "Paula", "Pedro", "Rosa", "Samir", "Sofia", "Tariq", "Tom", "Uma", "Vera", "Wei", "Zoe",
}

var lastNames = []string{
	"Abel", "Adler", "Almeida", "Bauer", "Becker", "Berg", "Bianchi", "Blanc", "Brandt", "Castro", "Costa", "Dahl", "Diaz", "Dubois", "Eriksen", "Fischer",
	"Fontaine", "Garcia", "Gruber", "Haas", "Hansen", "Hoffmann", "Ibrahim", "Ivanov", "Jansen", "Keller", "Kim", "Kovac", "Kumar", "Lang", "Lehmann", "Lindqvist",
	"Lopez", "Maier", "Marino", "Mensah", "Moreau", "Nakamura", "Neumann", "Novak", "Okafor", "Olsen", "Park", "Peters", "Petrov", "Ricci", "Romero", "Rossi",
	"Santos", "Sato", "Schmidt", "Silva", "Sorensen", "Suzuki", "Tanaka", "Torres", "Ueda", "Vogel", "Wagner", "Weber", "Wolf", "Yilmaz", "Zhang", "Ziegler",
}

// userNames returns the names of user n, always the same for the same n.
func userNames(n int) (first, last, username string) {
	r := rand.New(rand.NewPCG(uint64(n), 0))
	first, last = firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))]
	return first, last, fmt.Sprintf("%s.%s.%d", muster.NormalizeName(first), muster.NormalizeName(last), n)
}

// seed fills an empty database with accounts, the first of which is the administrator. A database that is already full is left unchanged.
func seed(ctx context.Context, o store.Options, users int) (err error) {
	db, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, _, last := userNames(users - 1); found(db.UserByUsername(ctx, last)) {
		return nil
	}
	hash, err := storedHash(ctx, secret) // the same for all users, to save time
	if err != nil {
		return err
	}
	if err := add(ctx, db, administrator, "", "", hash); err != nil {
		return err
	}
	const writers = 8
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			for n := w; n < users && ctx.Err() == nil; n += writers {
				first, last, name := userNames(n)
				if err := add(ctx, db, name, first, last, hash); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

func found(_ *muster.User, err error) bool { return err == nil }

func add(ctx context.Context, db *store.Store, name, first, last, hash string) error {
	now := time.Now().UnixMilli()
	u := &muster.User{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, LastPasswordUpdate: now,
		Username: name, Email: name + "@example.com", EmailVerified: true, Password: hash, FirstName: first, LastName: last,
		Roles: muster.RoleSystemUser, Locale: "en", NotifyProps: muster.DefaultNotifyProps(), Timezone: muster.DefaultTimezone(),
	}
	return db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.ClaimFirstAccount(ctx, u); err != nil {
			return err
		}
		return tx.InsertUser(ctx, u)
	})
}
